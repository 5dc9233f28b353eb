import Devices
import Testing

@testable import Hypervisor

struct FlatImageTests {
  static func load(_ bytes: [UInt8]) throws -> (LoadedKernel, GuestMemory) {
    let map = MemoryMap(mebibytes: 1)
    let memory = try GuestMemory(map.ram)
    let loader = BootLoader(
      source: .flat(try imageFile(bytes, name: "boot.bin")), memoryMap: map, rsdp: Layout.acpiTables)
    return (try loader.load(into: memory), memory)
  }

  @Test func `a flat image lies where a BIOS puts a boot sector`() throws {
    let (loaded, memory) = try Self.load([0xEB, 0xFE])
    let bytes = try memory.readBytes(4, at: 0x7BFF)
    #expect(bytes == [0, 0xEB, 0xFE, 0])
    #expect(loaded.entry == .realMode)
    #expect(loaded.format == "flat image, 2 bytes, real mode")
    #expect(loaded.range == GuestRange(base: 0x7C00, size: 2))
  }

  @Test func `a flat image may reach up to the EBDA`() throws {
    let (loaded, _) = try Self.load([UInt8](repeating: 1, count: 0x9_8000))
    #expect(loaded.range.last == 0x9_FBFF)
    let error = try thrown(BootError.self) { try Self.load([UInt8](repeating: 1, count: 0x9_8001)) }
    #expect(error == .flatImage(name: "boot.bin", .tooLarge(size: 0x9_8001, limit: 0x9_8000)))
    #expect(error?.description == "flat image boot.bin has 622593 bytes, a flat image may have 622592")
  }

  @Test(arguments: [
    ("an ELF file", Array("\u{7F}ELF".utf8)),
    ("an ELF file", Array("\u{7F}ELF".utf8) + [UInt8](repeating: 0, count: 700_000)),
    ("a Linux bzImage", setupHeader),
  ])
  func `a kernel is not run as raw code`(name: String, bytes: [UInt8]) throws {
    let error = try thrown(BootError.self) { try Self.load(bytes) }
    #expect(error?.description == "flat image boot.bin is \(name), not raw code for real mode")
    #expect(error?.hint?.contains("-k") == true)
  }

  private static let setupHeader =
    [UInt8](repeating: 0, count: 0x1FE) + [0x55, 0xAA, 0xEB, 0x6A] + Array("HdrS".utf8)

  @Test func `an empty flat image is refused`() throws {
    let error = try thrown(BootError.self) { try Self.load([]) }
    #expect(error?.description == "flat image boot.bin is empty")
    #expect(error?.hint == "assemble or copy it again")
  }
}
