import Glibc
import ProcessSupport
import Testing

@testable import swiftvm

@Suite struct FolderOutputsTests {
  private let scratch: Scratch
  private let folder: String

  init() throws {
    scratch = try Scratch()
    folder = scratch("folder")
    // The call keeps nothing of the path.
    unsafe mkdir(folder, 0o755)
  }

  /// What is said about a document of these texts, in the folder.
  private func failure(_ document: MachineSettings, flags: MachineSettings = MachineSettings())
    -> Failure?
  {
    do throws(Failure) {
      try FolderOutputs(of: folder, document.relative(to: folder), besides: flags).check()
      return nil
    } catch {
      return error
    }
  }

  /// Documents that have `path` written, by each option that can.
  private func documents(_ path: String) -> [(option: String, document: MachineSettings)] {
    let texts = [
      ("serial", "file="), ("serial", "socket="), ("console", "file="), ("console", "socket="), ("trace", ""),
      ("boot-chart", ""), ("metrics", ""), ("metrics", "unix="), ("gdb", "unix="),
    ]
    var documents = texts.map { key, kind in
      var document = MachineSettings()
      document[key] = .text(kind + path)
      return ("--\(key)", document)
    }
    var document = MachineSettings()
    document["disk"] = .list(["\(path),cache=none"])
    documents.append(("--disk", document))
    return documents
  }

  @Test(arguments: ["file", "./file", "sub/../file", "sub/file", "none/file", "here", "../folder/file"])
  func `what lies in the folder may be written`(path: String) throws {
    // The calls keep nothing of the paths.
    unsafe mkdir("\(folder)/sub", 0o755)
    unsafe symlink("sub", "\(folder)/here")
    defer { StateFile.remove(folder) }
    for (_, document) in documents(path) { #expect(failure(document) == nil) }
  }

  @Test(arguments: [
    "/etc/passwd", "/tmp/none", "../file", "sub/../../file", "away", "away/file", "dangling", "/dev/null",
    "..",
    "../folder-2/file",
  ])
  func `what lies elsewhere may not, and the option and the path are named`(path: String) throws {
    // The calls keep nothing of the paths.
    unsafe mkdir("\(folder)/sub", 0o755)
    unsafe mkdir(scratch("folder-2"), 0o755)
    unsafe symlink("..", "\(folder)/away")
    unsafe symlink("../none", "\(folder)/dangling")
    defer { StateFile.remove(folder) }
    for (option, document) in documents(path) {
      let failure = try #require(self.failure(document), "\(option)")
      #expect(failure.status == .usage)
      #expect(failure.message.hasPrefix("\(folder)/machine.json: \(option) "), "\(failure.message)")
      #expect(failure.message.contains(path.hasPrefix("/") ? "\(path) would" : "\(folder)/\(path) would"))
      #expect(failure.hint?.contains("--trust-folder") == true)
    }
  }

  @Test func `what is only read may lie anywhere, and so may what flags name`() {
    defer { StateFile.remove(folder) }
    var document = MachineSettings()
    document["kernel"] = "/boot/vmlinuz"
    document["initrd"] = "../initrd"
    document["disk"] = ["/dev/sda,readonly=on"]
    document["serial"] = "pty"
    document["console"] = "null"
    document["gdb"] = "1234"
    #expect(failure(document) == nil)
    for (_, document) in documents("/etc/passwd") { #expect(failure(document, flags: document) == nil) }
    var flags = MachineSettings()
    flags["serial"] = "stdio"
    document["serial"] = "file=/etc/passwd"
    #expect(failure(document, flags: flags) == nil)
  }
}

@Suite(.program, .kvm) struct FolderTrustProcessTests {
  @Test func `a folder writes elsewhere only where it is trusted`() async throws {
    let scratch = try Scratch()
    let elsewhere = try Scratch()
    let log = try elsewhere.file("log", Array("before".utf8))
    _ = try scratch.file(
      "machine.json",
      Array(
        """
        {"flat": "\(Repository.guests)/serial.bin", "memory": 16, "on-reboot": "exit", "serial": "file=\(log)"}
        """.utf8))
    expectFailure(
      try await SwiftVMProgram.run(["run", scratch.path]), status: 2,
      error: "\(scratch("machine.json")): --serial \(log) would be written to", hint: "--trust-folder")
    #expect(try elsewhere.content("log") == Array("before".utf8))
    for words in [["--trust-folder"], ["--serial", "file=\(log)"]] {
      let outcome = try await SwiftVMProgram.run(["run", scratch.path] + words)
      #expect(outcome.status == 0, "\(outcome.error)")
      #expect(try elsewhere.content("log") == Array("Hello from real mode\r\n".utf8))
    }
    expectFailure(
      try await SwiftVMProgram.run(["run", "--flat", "none", "--trust-folder"]), status: 2,
      error: "--trust-folder without a folder", hint: "trusted anyhow")
  }
}
