import Testing

@testable import swiftvm

@Suite struct ForeignDiskTests {
  /// The first bytes of an image as each format's own tool writes them.
  static let images: [(ForeignDisk, [UInt8])] = [
    (.qcow2, [0x51, 0x46, 0x49, 0xFB, 0, 0, 0, 3]),
    (.qed, [0x51, 0x45, 0x44, 0]),
    (.vdi, Array("<<< Oracle VM VirtualBox Disk Image >>>\n".utf8) + zeroes(24) + [0x7F, 0x10, 0xDA, 0xBE]),
    (.vmdk, Array("KDMV".utf8) + [1, 0, 0, 0]),
    (.vmdk, Array("# Disk DescriptorFile\nversion=1\n".utf8)),
    (.vhdx, Array("vhdxfile".utf8)),
    (.vhd, Array("conectix".utf8)),
  ]

  private static func zeroes(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  @Test(arguments: images)
  func `an image is known by its first bytes, and not by fewer`(format: ForeignDisk, header: [UInt8]) {
    #expect(ForeignDisk(header) == format)
    #expect(ForeignDisk(header + Self.zeroes(400)) == format)
    #expect(ForeignDisk(Array(header.prefix(3))) == nil)
    #expect(ForeignDisk([0] + header) == nil)
  }

  @Test func `raw disks are not taken for images`() {
    #expect(ForeignDisk([]) == nil)
    #expect(ForeignDisk(Self.zeroes(512)) == nil)
    // A boot sector, and the start of an ISO 9660 file system.
    #expect(ForeignDisk([0xEB, 0x63, 0x90] + Self.zeroes(507) + [0x55, 0xAA]) == nil)
    #expect(ForeignDisk(Array("QEMU".utf8) + Self.zeroes(508)) == nil)
  }
}
