/// A file that the guest finds in the firmware configuration device.
struct FirmwareFile: Hashable, Sendable {
  enum Content: Hashable, Sendable {
    case text(String)
    case file(path: String)
  }

  let name: String
  let content: Content

  init(name: String, content: Content) {
    self.name = name
    self.content = content
  }

  /// What users may name their own.
  static let prefix = "opt/"
  /// Bytes.
  static let longestName = 55
  /// As many as QEMU has room for.
  static let most = 32

  static func check(_ files: [FirmwareFile]) throws(Failure) {
    guard files.count <= most else {
      throw Failure(
        .usage, "\(files.count) times --fw-cfg, a machine has room for \(most) files",
        hint: "put several values into one file")
    }
    for (index, file) in files.enumerated() {
      let bytes = file.name.utf8
      guard file.name.hasPrefix(prefix), (prefix.utf8.count + 1...longestName).contains(bytes.count),
        bytes.allSatisfy({ (0x21...0x7E).contains($0) })
      else {
        throw Failure(
          .usage, "--fw-cfg \(file.name): not a name for a file of the firmware configuration",
          hint: """
            a name is \(prefix) and more, at most \(longestName) characters of ASCII without spaces, such as \
            opt/org.example/name
            """)
      }
      guard !files[..<index].contains(where: { $0.name == file.name }) else {
        throw Failure(.usage, "--fw-cfg \(file.name): given twice", hint: "give each file once")
      }
    }
  }
}
