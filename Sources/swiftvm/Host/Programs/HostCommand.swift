internal import CHost
internal import CLinux
internal import Devices
internal import SystemPackage

/// A program to be run, with its arguments and what it reads.
struct HostCommand: Hashable {
  let program: HostProgram
  let arguments: [String]
  var input = ""

  init(_ program: HostProgram, _ arguments: [String], input: String = "") {
    (self.program, self.arguments, self.input) = (program, arguments, input)
  }

  /// As one would type it.
  var shellText: String {
    let line = ([program.rawValue] + arguments).map(\.shellQuoted).joined(separator: " ")
    return input.isEmpty ? line : "\(line) <<'END'\n\(input)END"
  }
}

extension HostCommand {
  struct Outcome {
    let status: Int32
    let output: String
    let error: String
  }

  /// Runs it to its end.
  func run() throws(Failure) -> Outcome {
    let path = try program.find()
    do throws(Errno) {
      let input = try Self.memoryFile()
      let output = try Self.memoryFile()
      let error = try Self.memoryFile()
      try input.fill(with: self.input)
      let texts = unsafe ([program.rawValue] + arguments).map { unsafe strdup($0) }
      defer { unsafe texts.forEach { unsafe free($0) } }
      // The texts end with the NULL that execve wants, and live until after the call.
      let status = unsafe chost_run(path, texts + [nil], input.number, output.number, error.number)
      guard status >= 0 else { throw Errno(rawValue: -status) }
      return Outcome(status: status, output: output.content(), error: error.content())
    } catch {
      throw Failure(.hostNotAble, "\(path): \(error)", hint: error.shortageHint)
    }
  }

  /// Runs it, and fails where it does.
  @discardableResult
  func check() throws(Failure) -> String {
    let outcome = try run()
    guard outcome.status == 0 else {
      let said = outcome.error.split(separator: "\n").first.map(String.init) ?? "status \(outcome.status)"
      let line = ([program.rawValue] + arguments).joined(separator: " ")
      throw Failure(
        .hostNotAble, "`\(line)`: \(said)",
        hint: "`swiftvm net up --print` shows all that is done for a network")
    }
    return outcome.output
  }

  // Memory takes the place of pipes: nobody waits for a reader, or for a daemon that keeps its end.
  private static func memoryFile() throws(Errno) -> OwnedDescriptor {
    // The call keeps nothing of the name.
    try OwnedDescriptor(result: unsafe chost_memory_file("swiftvm"))
  }
}

extension String {
  /// The text as one word of a shell's.
  var shellQuoted: String {
    let isPlain = utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "-_./:,=%@+".utf8.contains(byte)
      }
    }
    if isPlain && !isEmpty { return self }
    return "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
