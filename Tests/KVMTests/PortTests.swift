import Devices
import ProcessSupport
import Synchronization
import Testing

@testable import Hypervisor

@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: MachineTests.hasKVM, Comment(rawValue: MachineTests.noKVM)))
struct PortTests {
  @Test func `a port write reaches its device with port, width and value`() throws {
    let device = try RecordingDevice()
    try TinyMachine(.portWrites, .real, ports: [.init(0x510, device)]).run()
    #expect(
      device.accesses == [
        .write(0x11, at: 0, width: 1), .write(0x2233, at: 2, width: 2), .write(0x4455_6677, at: 4, width: 4),
      ])
  }

  @Test func `a port read gives the guest what its device said`() throws {
    let device = try RecordingDevice(answers: [0x21, 0x4332, 0x8877_6655])
    let machine = try TinyMachine(.portReads, .real, ports: [.init(0x510, device)])
    try machine.run()
    #expect(
      device.accesses == [.read(at: 0, width: 1), .read(at: 2, width: 2), .read(at: 4, width: 4)])
    #expect(try machine.memory.read(UInt8.self, at: 0x6000) == 0x21)
    #expect(try machine.memory.read(UInt16.self, at: 0x6002) == 0x4332)
    #expect(try machine.memory.read(UInt32.self, at: 0x6004) == 0x8877_6655)
  }

  @Test func `a port that nobody claims reads as ones and swallows writes`() throws {
    let machine = try TinyMachine(.unclaimedPort, .real)
    try machine.run()
    #expect(try machine.memory.read(UInt8.self, at: 0x6000) == UInt8.max)
    #expect(try machine.memory.read(UInt16.self, at: 0x6002) == UInt16.max)
    #expect(try machine.memory.read(UInt32.self, at: 0x6004) == UInt32.max)
    #expect(machine.ports.unclaimed.load(ordering: .relaxed) == 4)
  }

  @Test func `a string output reaches its device element by element, in order`() throws {
    let device = try RecordingDevice()
    try TinyMachine(.stringOutput, .real, ports: [.init(0x510, device)]).run()
    #expect(
      device.accesses == "hello".utf8.map { .write(UInt64($0), at: 0, width: 1) }
        + [0x0102, 0x0304, 0x0506].map { .write($0, at: 0, width: 2) })
  }

  @Test func `a string input gives the guest its device's answers, in order`() throws {
    let device = try RecordingDevice(answers: [1, 2, 3, 4, 5, 6, 7, 8, 0x0C0B_0A09, 0x100F_0E0D])
    let machine = try TinyMachine(.stringInput, .real, ports: [.init(0x510, device)])
    try machine.run()
    #expect(try machine.memory.readBytes(16, at: 0x6000) == [UInt8](1...16))
  }

  @Test func `a string input of several elements is one exit`() throws {
    let kvm = try HostKVM.open()
    let memory = try GuestMemory([TinyMachine.lowMemory])
    let entry = try TinyMachine.load(.stringInput, .real, into: memory)
    let vm = try KVMVirtualMachine.make(on: kvm)
    try vm.map(memory)
    let vcpu = try vm.makeVCPU(id: 0)
    try vcpu.prepare(cpuid: kvm.supportedCPUID().entries, entry: entry)
    guard case .portRead(let access) = vcpu.nextExit() else {
      Issue.record("the first exit is no port read")
      return
    }
    #expect(access.port == 0x510 && access.width == 1 && access.count == 8)
  }
}
