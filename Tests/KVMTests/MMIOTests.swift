import Devices
import ProcessSupport
import Synchronization
import Testing

@testable import Hypervisor

@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: MachineTests.hasKVM, Comment(rawValue: MachineTests.noKVM)))
struct MMIOTests {
  @Test func `an MMIO read of any width gives the guest what its device said`() throws {
    let answers: [UInt64] = [0x21, 0x4332, 0x8877_6655, 0xFEDC_BA98_7654_3210]
    let device = try RecordingDevice(answers: answers)
    let machine = try TinyMachine(.mmioReads, .long, memory: [.init(0xB0000, size: 32, device)])
    try machine.run()
    #expect(
      device.accesses == [
        .read(at: 0, width: 1), .read(at: 8, width: 2), .read(at: 16, width: 4), .read(at: 24, width: 8),
      ])
    // Memory begins as zeros, and each read kept only its width.
    for (place, answer) in zip([0x6000, 0x6008, 0x6010, 0x6018] as [UInt64], answers) {
      #expect(try machine.memory.read(UInt64.self, at: GuestAddress(place)) == answer)
    }
  }

  @Test func `an MMIO write of any width reaches its device with place and value`() throws {
    let device = try RecordingDevice()
    try TinyMachine(.mmioWrites, .long, memory: [.init(0xB0000, size: 32, device)]).run()
    #expect(
      device.accesses == [
        .write(0x11, at: 0, width: 1), .write(0x2233, at: 8, width: 2),
        .write(0x4455_6677, at: 16, width: 4), .write(0x8899_AABB_CCDD_EEFF, at: 24, width: 8),
      ])
  }

  @Test func `an address that nobody claims reads as ones and swallows writes`() throws {
    let machine = try TinyMachine(.unclaimedMemory, .long)
    try machine.run()
    #expect(try machine.memory.read(UInt64.self, at: 0x6000) == UInt64.max)
    #expect(machine.memorySpace.unclaimed.load(ordering: .relaxed) == 2)
  }

  @Test func `memory above 4 GiB is the guest's and ours alike`() throws {
    let map = MemoryMap(ramSize: 5 << 30)
    let machine = try TinyMachine(.highMemory, .long, ram: map.ram)
    try machine.memory.write(0x0123_4567_89AB_CDEF as UInt64, at: Layout.above4GiB)
    try machine.run()
    #expect(try machine.memory.read(UInt64.self, at: 0x6000) == 0x0123_4567_89AB_CDEF)
    #expect(
      try machine.memory.read(UInt64.self, at: GuestAddress(Layout.above4GiB.value + 8))
        == 0x8899_AABB_CCDD_EEFF)
  }
}
