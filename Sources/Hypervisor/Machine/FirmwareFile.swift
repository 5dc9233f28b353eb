/// A file that the guest finds in the firmware configuration device.
public struct FirmwareFile: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    case text(String)
    case file(path: String)
  }

  public let name: String
  public let content: Content

  public init(name: String, content: Content) {
    self.name = name
    self.content = content
  }

  /// What users may name their own.
  static let prefix = "opt/"
  /// Bytes.
  static let longestName = 55
  /// As many as QEMU has room for.
  static let most = 32

  static func check(_ files: [FirmwareFile]) throws(ConfigurationError) {
    guard files.count <= most else { throw .tooManyFirmwareFiles(files.count) }
    for (index, file) in files.enumerated() {
      let bytes = file.name.utf8
      guard file.name.hasPrefix(prefix), (prefix.utf8.count + 1...longestName).contains(bytes.count),
        bytes.allSatisfy({ (0x21...0x7E).contains($0) })
      else { throw .firmwareFileName(file.name) }
      guard !files[..<index].contains(where: { $0.name == file.name }) else {
        throw .firmwareFileTwice(file.name)
      }
    }
  }
}
