import Devices
import SystemPackage
import Testing

@testable import Hypervisor

/// A distribution's own kernel, where `.bed/kernels` has been filled.
struct StockKernelTests {
  /// The package's root, four folders up from this file.
  static let kernels = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent().removingLastComponent().appending(".bed/kernels/cloud")

  static var arePresent: Bool {
    guard let file = try? FileDescriptor.open(kernels.appending("vmlinuz"), .readOnly) else { return false }
    try? file.close()
    return true
  }

  static func open(_ name: String) throws -> ImageFile {
    let path = kernels.appending(name)
    let file = try FileDescriptor.open(path, .readOnly)
    return try ImageFile(OwnedDescriptor(takingOver: file.rawValue), name: path.string)
  }

  @Test(.enabled(if: StockKernelTests.arePresent, "no kernel in .bed/kernels/cloud"))
  func `a stock vmlinuz has a 64-bit entry and protocol 2.15`() throws {
    guard case .bzImage(let image) = try KernelImage.recognise(Self.open("vmlinuz")) else {
      Issue.record("not a bzImage")
      return
    }
    #expect(image.protocolVersion >= 0x020F)
    #expect(image.has64BitEntry)
    #expect(image.release?.contains("cloud") == true)
  }

  @Test(.enabled(if: StockKernelTests.arePresent, "no kernel in .bed/kernels/cloud"))
  func `a stock kernel loads as bzImage and as vmlinux`() throws {
    let map = MemoryMap(mebibytes: 256)
    for (name, format) in [("vmlinuz", "bzImage, Linux "), ("vmlinux", "ELF x86-64, PVH entry")] {
      let memory = try GuestMemory(map.ram)
      let source = BootSource.kernel(
        try Self.open(name), initrd: nil, commandLine: try KernelCommandLine())
      let loaded = try BootLoader(source: source, memoryMap: map, rsdp: Layout.acpiTables).load(into: memory)
      #expect(loaded.format.hasPrefix(format))
      #expect(loaded.range.base == 0x100_0000)
    }
  }
}
