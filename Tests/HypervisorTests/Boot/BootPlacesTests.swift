import Devices
import Testing

@testable import Hypervisor

struct BootPlacesTests {
  static func places(
    _ entry: BootEntry, clearOf taken: [GuestRange], line: Int = 100, mebibytes: UInt64 = 64
  ) throws -> BootPlaces {
    try BootPlaces(
      for: entry, commandLineSize: line, clearOf: taken, in: MemoryMap(mebibytes: mebibytes))
  }

  static let entries: [BootEntry] = [
    .linux64(entry: 0x10_0000), .linux32(entry: 0x10_0000), .pvh(entry: 0x10_0000),
    .multiboot(entry: 0x10_0000),
  ]

  @Test(arguments: entries)
  func `an image that is elsewhere leaves everything in its usual place`(entry: BootEntry) throws {
    let places = try Self.places(entry, clearOf: [GuestRange(base: 0x10_0000, size: 0x10_0000)])
    #expect(places == .usual)
    #expect(places.stackTop == Layout.bootStack)
  }

  @Test(arguments: BootStructure.allCases)
  func `what the image covers goes elsewhere, and nothing else does`(structure: BootStructure) throws {
    for entry in Self.entries where entry.structures.contains(structure) {
      for address in [structure.range.base, structure.range.last] {
        let taken = GuestRange(base: address, size: 1)
        // The command line reaches to the end of its place.
        let places = try Self.places(entry, clearOf: [taken], line: Layout.commandLineCapacity)
        for other in entry.structures {
          #expect((places[other] == BootPlaces.usual[other]) == (other != structure))
        }
      }
    }
  }

  static let images: [[GuestRange]] = [
    // All of the usual places; most of the first MiB; pieces with gaps; and an initrd beside them.
    [GuestRange(base: 0x500, size: 0x3_0000)],
    [GuestRange(base: 0x0, size: 0x9_F000)],
    [
      GuestRange(base: 0x8000, size: 0x1000), GuestRange(base: 0x500, size: 1),
      GuestRange(base: 0x2_0000, size: 1),
    ],
    [GuestRange(base: 0, size: 0x9_FC00), GuestRange(base: 0x10_0000, size: 0x10_0001)],
  ]

  @Test(arguments: entries, images)
  func `everything lies in RAM, aligned, clear of the image and of each other`(
    entry: BootEntry, image: [GuestRange]
  ) throws {
    let places = try Self.places(entry, clearOf: image)
    var taken = image
    for structure in entry.structures {
      let size = structure == .commandLine ? 100 : structure.range.size
      let range = GuestRange(base: places[structure], size: size)
      #expect(!taken.contains(where: range.overlaps), "\(structure.name)")
      #expect(MemoryMap(mebibytes: 64).lowRAM.contains { $0.contains(range) }, "\(structure.name)")
      #expect(range.base >= Layout.gdt)
      #expect(range.base.value % structure.alignment == 0)
      taken.append(range)
    }
  }

  @Test func `where nothing is left the sentence names what has no place`() throws {
    let error = try thrown(KernelPlacementError.self) {
      try Self.places(
        .multiboot(entry: 0x500), clearOf: [GuestRange(base: 0x500, size: 0x9_F700)], mebibytes: 1)
    }
    #expect(error == .noRoom(.gdt))
    #expect(error?.description == "fills the memory: nothing is left for the GDT")
    #expect(error?.hint == "give the machine more memory")
  }

  @Test func `the image's last gap is used to the byte`() throws {
    // Room for the start info, the GDT and a command line of 16 bytes.
    let room: UInt64 = 4096 + 48 + 16
    let taken = GuestRange(base: 0x500, size: 0x9_F700 - room)
    _ = try Self.places(.multiboot(entry: 0x500), clearOf: [taken], line: 16, mebibytes: 1)
    let error = try thrown(KernelPlacementError.self) {
      try Self.places(.multiboot(entry: 0x500), clearOf: [taken], line: 17, mebibytes: 1)
    }
    #expect(error == .noRoom(.commandLine))
  }

  @Test func `a real-mode image needs nothing`() throws {
    let all = GuestRange(base: 0, size: 0x9_FC00)
    #expect(try Self.places(.realMode, clearOf: [all], mebibytes: 1) == .usual)
  }
}
