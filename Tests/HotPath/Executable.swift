internal import ProcessSupport

/// An executable with symbols, as the toolchain's disassembler shows it.
struct Executable {
  struct Failure: Error {
    let description: String
  }

  /// What a function calls or jumps to.
  enum Callee: Hashable {
    /// The start of another function, by symbol.
    case function(String)
    /// One of the C library's functions that it picks at start, for the CPU: memcpy and the like.
    case picked
    /// By way of a register or a table.
    case indirect
    /// None of these: the operand.
    case unknown(String)
  }

  let path: String
  // The table through which the C library's picked functions are called.
  private let picked: Range<UInt64>
  // Where each function lies. The disassembler goes on to the next symbol, which may be past a function
  // whose own symbol the linker dropped.
  private let places: [String: Range<UInt64>]

  init(_ path: String) async throws {
    self.path = path
    let sections = try await Self.run("llvm-objdump", ["--section-headers", path])
    let table = sections.split(separator: "\n").map { $0.split(separator: " ") }
      .first { $0.count > 3 && $0[1] == ".iplt" }
    guard let table, let size = UInt64(table[2], radix: 16), let start = UInt64(table[3], radix: 16) else {
      throw Failure(description: "no section .iplt in \(path)")
    }
    picked = start..<start + size

    let symbols = "llvm-nm --defined-only --format=posix \"$0\" | awk '$2 ~ /[tT]/ { print $1, $3, $4 }'"
    places = try await Self.run("bash", ["-o", "pipefail", "-c", symbols, path])
      .split(separator: "\n").reduce(into: [:]) { places, line in
        let words = line.split(separator: " ")
        guard words.count == 3, let start = UInt64(words[1], radix: 16),
          let size = UInt64(words[2], radix: 16)
        else { return }
        places[String(words[0])] = start..<start + size
      }
  }

  /// The functions of a Swift module: their symbols, and what these mean.
  func functions(of module: String) async throws -> [String: String] {
    let prefix = "$s\(module.utf8.count)\(module)"
    return try await Self.meanings(of: places.keys.filter { $0.hasPrefix(prefix) })
  }

  /// What symbols mean to a Swift programmer.
  static func meanings(of symbols: [String]) async throws -> [String: String] {
    if symbols.isEmpty { return [:] }
    let names = try await run("swift-demangle", ["--compact"], input: symbols.joined(separator: "\n") + "\n")
      .split(separator: "\n")
    guard names.count == symbols.count else { throw Failure(description: "swift-demangle lost a symbol") }
    return Dictionary(zip(symbols, names.map(String.init))) { first, _ in first }
  }

  /// What each of `functions` calls.
  func callees(of functions: [String]) async throws -> [String: Set<Callee>] {
    let text = try await Self.run(
      "llvm-objdump",
      [
        "--disassemble", "--no-show-raw-insn", "--disassemble-symbols=" + functions.joined(separator: ","),
        path,
      ])
    var result: [String: Set<Callee>] = [:]
    var current = ""
    for line in text.split(separator: "\n") {
      if line.hasSuffix(">:"), let name = line.split(separator: "<").last?.dropLast(2) {
        current = String(name)
        result[current] = []
      } else if let callee = callee(in: line, of: current) {
        result[current]?.insert(callee)
      }
    }
    if let missing = functions.first(where: { result[$0] == nil || places[$0]?.isEmpty ?? true }) {
      throw Failure(description: "not disassembled: \(missing)")
    }
    return result
  }

  /// What an instruction calls or jumps to outside of its function.
  private func callee(in line: Substring, of function: String) -> Callee? {
    // "  3fdf0f:      \tcallq\t0xd51910 <ioctl>"
    let parts = line.split(separator: "\t")
    guard parts.count > 2, parts[1].hasPrefix("call") || parts[1].hasPrefix("j"),
      let place = places[function],
      let address = UInt64(parts[0].prefix { $0 != ":" }.drop { $0 == " " }, radix: 16),
      place.contains(address)
    else { return nil }
    let operand = parts[2]
    if operand.contains("*") { return .indirect }
    let words = operand.split(whereSeparator: { " <>".contains($0) })
    guard words.count > 1, let target = UInt64(words[0].dropFirst(2), radix: 16) else {
      return .unknown(String(operand))
    }
    if place.contains(target) { return nil }
    if picked.contains(target) { return .picked }
    return words[1].contains("+") ? .unknown(String(operand)) : .function(String(words[1]))
  }

  private static func run(
    _ program: String, _ arguments: [String], input: String = ""
  ) async throws -> String {
    let outcome = try await Program.run(program, arguments, input: input)
    guard outcome.status == 0 else { throw Failure(description: "\(program): \(outcome.error)") }
    return outcome.output
  }
}
