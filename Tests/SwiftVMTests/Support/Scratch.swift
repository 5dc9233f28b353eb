import Glibc
import SystemPackage

/// A folder for a test's files, gone with this value. Everybody may look into it.
final class Scratch {
  let path: String

  init() throws {
    path = "/tmp/swiftvm-test-\(UInt64.random(in: 0...(.max)))"
    // The call keeps nothing of the path.
    guard unsafe mkdir(path, 0o755) == 0 else { throw Errno(rawValue: errno) }
  }

  deinit {
    for name in names { remove("\(path)/\(name)") }
    remove(path)
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and returns its path.
  func file(
    _ name: String, _ bytes: [UInt8],
    permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
  )
    throws -> String
  {
    let file = try FileDescriptor.open(
      FilePath(self(name)), .writeOnly, options: [.create, .truncate], permissions: permissions)
    try file.closeAfter { _ = try file.writeAll(bytes) }
    return self(name)
  }

  /// The content of a file.
  func content(_ name: String) throws -> [UInt8] {
    let file = try FileDescriptor.open(FilePath(self(name)), .readOnly)
    return try file.closeAfter {
      var content: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        // The buffer is written to by this call only.
        let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
        if count == 0 { return content }
        content += chunk[..<count]
      }
    }
  }

  func exists(_ name: String) -> Bool {
    // The call keeps nothing of the path.
    unsafe access(self(name), F_OK) == 0
  }

  private var names: [String] {
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      // The kernel ends the name with a NUL inside the array.
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private func remove(_ path: String) {
    // The call keeps nothing of the path.
    _ = unsafe Glibc.remove(path)
  }
}
