import Devices
import Testing

@testable import Hypervisor

struct BzImageTests {
  static func image(_ builder: BzImageBuilder) throws -> BzImage {
    let file = try imageFile(builder.bytes)
    return try BzImage(file, head: LittleEndianBytes(try file.head(4096)))
  }

  static func error(_ bytes: [UInt8]) throws -> BzImageError? {
    guard case .bzImage(let error)? = try KernelImageTests.error(bytes) else { return nil }
    return error
  }

  @Test func `format, release, protocol and entry are told`() throws {
    let image = try Self.image(BzImageBuilder())
    #expect(image.format == "bzImage, Linux 6.1.0-test, protocol 2.15, 64-bit entry")
  }

  @Test func `a kernel without a 64-bit entry is told as such`() throws {
    let image = try Self.image(BzImageBuilder(version: 0x0206, extendedLoadFlags: 0))
    #expect(image.format == "bzImage, Linux 6.1.0-test, protocol 2.06, 32-bit entry")
  }

  @Test func `before protocol 2.12 xloadflags means nothing`() throws {
    let image = try Self.image(BzImageBuilder(version: 0x020B, extendedLoadFlags: 1))
    #expect(!image.has64BitEntry)
  }

  @Test func `an image need not tell its release`() throws {
    let image = try Self.image(BzImageBuilder(release: ""))
    #expect(image.release == nil)
    #expect(image.format == "bzImage, protocol 2.15, 64-bit entry")
  }

  @Test func `a release past the setup code is not looked at`() throws {
    var bytes = BzImageBuilder().bytes
    // kernel_version, less 0x200: the first byte of the kernel proper.
    bytes.replaceSubrange(0x20E..<0x210, with: [0x00, 0x02])
    bytes.replaceSubrange(0x400..<0x403, with: "6.1".utf8)
    let file = try imageFile(bytes)
    let image = try BzImage(file, head: LittleEndianBytes(try file.head(4096)))
    #expect(image.release == nil)
  }

  @Test func `setup_sects of zero means four`() throws {
    let image = try Self.image(BzImageBuilder(setupSectors: 0))
    #expect(image.header.setupSize == 5 * 512)
  }

  @Test func `a file that ends before its kernel is truncated`() throws {
    let bytes = BzImageBuilder().bytes
    let error = try Self.error(Array(bytes.dropLast(16)))
    #expect(error == .truncated(size: 0x400 + 0xFF0, expected: 0x400 + 0xFF1))
    #expect(
      error?.description
        == "is a truncated bzImage: it has 5104 bytes, its header promises 5105 at the least")
    #expect(error?.hint == "download or copy it again")
    let whole = try Self.error(bytes)
    #expect(whole == nil)
  }

  @Test(arguments: [1, 7, 15]) func `a kernel need not fill its last paragraph`(missing: Int) throws {
    let builder = BzImageBuilder()
    let memory = try GuestMemory(MemoryMap(mebibytes: 64).ram)
    try memory.write(bytes: Array(repeating: 0xFF, count: 0x1000), at: 0x100_0000)
    _ = try BootLoaderTests.load(Array(builder.bytes.dropLast(missing)), into: memory)
    let kernel = try memory.readBytes(0x1000, at: 0x100_0000)
    #expect(kernel == builder.kernel.dropLast(missing) + Array(repeating: 0, count: missing))
  }

  @Test func `a file that ends within its setup code is truncated`() throws {
    for size in [0x206, 0x228, 0x3FF] {
      let error = try Self.error(Array(BzImageBuilder().bytes.prefix(size)))
      #expect(error == .truncated(size: UInt64(size), expected: 0x400))
    }
  }

  @Test func `bytes behind the kernel do no harm`() throws {
    let error = try Self.error(BzImageBuilder().bytes + [1, 2, 3])
    #expect(error == nil)
  }

  @Test func `a kernel for low memory is refused`() throws {
    let error = try Self.error(BzImageBuilder(loadFlags: 0).bytes)
    #expect(error == .zImage)
    #expect(error?.description == "is a zImage, a Linux kernel of the kind that is loaded below 640 KiB")
  }

  @Test func `a protocol before 2.06 is too old`() throws {
    let error = try Self.error(BzImageBuilder(version: 0x0205).bytes)
    #expect(error == .tooOld(0x0205))
    #expect(
      error?.description
        == "is too old a Linux kernel: it speaks boot protocol 2.05, the oldest that is loaded is 2.06 (Linux 2.6.22)"
    )
  }

  @Test(arguments: [
    (BzImageBuilder(kernelParagraphs: 0), "syssize"),
    (BzImageBuilder(alignment: 0), "kernel_alignment"),
    (BzImageBuilder(alignment: 0x30_0000), "kernel_alignment"),
    (BzImageBuilder(payloadOffset: 0x20, payloadLength: 0x0FE1), "payload_length"),
    (BzImageBuilder(payloadOffset: .max, payloadLength: .max), "payload_length"),
  ])
  func `a header that contradicts itself is damaged`(builder: BzImageBuilder, field: String) throws {
    let error = try Self.error(builder.bytes)
    #expect(error?.description == "is a damaged bzImage: \(field) in its header cannot be right")
  }
}
