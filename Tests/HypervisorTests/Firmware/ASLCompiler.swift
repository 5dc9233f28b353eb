import Glibc
import ProcessSupport
import SystemPackage

/// Intel's ASL compiler, disassembler and AML interpreter, in a directory of its own that lives as long as this value.
struct ASLCompiler: ~Copyable {
  struct Failure: Error {
    let output: String
  }

  static let isInstalled = InstalledPrograms.include("iasl", "acpiexec")

  private let directory: FilePath

  init() throws {
    var template = Array("/tmp/swiftvm-asl-XXXXXX".utf8CString)
    // mkdtemp writes inside the NUL-terminated template.
    guard unsafe mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    directory = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  deinit {
    _ = Self.shell("rm -r '\(directory)'")
  }

  /// The source text of a table.
  borrowing func disassemble(_ table: [UInt8]) throws -> String {
    try write(table, to: "table.aml")
    try run("iasl -d table.aml")
    return String(decoding: try read("table.dsl"), as: UTF8.self)
  }

  /// The table that `source` compiles to, names as they are written; an error, a warning or, in AML, a
  /// remark is a failure.
  borrowing func compile(_ source: String) throws -> [UInt8] {
    try write(Array(source.utf8), to: "source.asl")
    let output = try run("iasl -on -p compiled source.asl")
    let isDataTable = !source.contains("DefinitionBlock")
    guard isDataTable || output.contains("0 Errors, 0 Warnings, 0 Remarks") else {
      throw Failure(output: output)
    }
    return try read("compiled.aml")
  }

  /// What the reference interpreter says when it loads a DSDT and evaluates an object of it.
  borrowing func evaluate(_ object: String, in table: [UInt8]) throws -> String {
    try write(table, to: "table.aml")
    return try run(#"acpiexec -b 'execute \#(object)' table.aml"#)
  }

  @discardableResult
  private borrowing func run(_ command: String) throws -> String {
    let status = Self.shell("cd '\(directory)' && \(command) > output 2>&1")
    let output = String(decoding: try read("output"), as: UTF8.self)
    guard status == 0,
      !["Error  ", "Warning  ", "ACPI Error", "ACPI Warning", "ACPI BIOS"].contains(where: output.contains)
    else {
      throw Failure(output: output)
    }
    return output
  }

  private static func shell(_ command: String) -> Int32 {
    // A NUL-terminated copy of the command lives through the call.
    unsafe system(command)
  }

  private borrowing func write(_ bytes: [UInt8], to name: String) throws {
    let file = try FileDescriptor.open(
      directory.appending(name), .writeOnly, options: [.create, .truncate],
      permissions: .ownerReadWrite)
    try file.closeAfter { _ = try file.writeAll(bytes) }
  }

  private borrowing func read(_ name: String) throws -> [UInt8] {
    let file = try FileDescriptor.open(directory.appending(name), .readOnly)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        // The descriptor fills at most the whole of `chunk`.
        let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
        if count == 0 { return bytes }
        bytes += chunk.prefix(count)
      }
    }
  }
}
