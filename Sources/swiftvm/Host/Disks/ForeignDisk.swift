/// An image of a format that only its own tools read: a guest would see its headers as a disk.
enum ForeignDisk: String, CaseIterable {
  case qcow2
  case qed
  case vdi
  case vmdk
  case vhdx
  case vhd = "vpc"

  /// Bytes that tell, from the start of the file.
  static let headerSize = 512

  /// - Parameter header: up to `headerSize` bytes.
  init?(_ header: [UInt8]) {
    guard let format = Self.allCases.first(where: { $0.isFound(in: header) }) else { return nil }
    self = format
  }

  private func isFound(in header: [UInt8]) -> Bool {
    switch self {
    case .qcow2: header.starts(with: [0x51, 0x46, 0x49, 0xFB])
    case .qed: header.starts(with: Array("QED".utf8) + [0])
    case .vdi: header.dropFirst(0x40).starts(with: [0x7F, 0x10, 0xDA, 0xBE])
    case .vmdk:
      ["KDMV", "COWD", "# Disk DescriptorFile"].contains { header.starts(with: Array($0.utf8)) }
    case .vhdx: header.starts(with: Array("vhdxfile".utf8))
    case .vhd: header.starts(with: Array("conectix".utf8))
    }
  }

  /// As people call it.
  var name: String {
    self == .vhd ? "VHD" : self == .qcow2 ? "qcow2" : rawValue.uppercased()
  }

  /// What to do with one at `path`.
  func hint(_ path: String) -> String {
    """
    format=raw takes it as it is, which is right where a guest wrote to it: the header is the guest's then, and \
    qemu-img would copy whatever file of this host it names. \(conversion(path)) converts an image that you trust
    """
  }

  func conversion(_ path: String) -> String { "`qemu-img convert -f \(rawValue) -O raw \(path) \(path).raw`" }
}
