import Devices
import ProcessSupport
import Testing

@testable import Hypervisor

@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: MachineTests.hasKVM, Comment(rawValue: MachineTests.noKVM)))
struct InterruptTests {
  @Test func `a pulse of an interrupt line wakes a vCPU from HLT and runs the handler`() throws {
    let device = try RecordingDevice()
    let line = try InterruptLine()
    let machine = try TinyMachine(
      .interruptWakes, .real, ports: [.init(0x510, device)], lines: [(line, gsi: 4)])
    try machine.start()
    try device.wait(for: "R")
    line.pulse()
    _ = try machine.ending()
    #expect(device.text == "RHA")
  }

  @Test func `a vCPU starts another by INIT and start-up, and is interrupted by it`() throws {
    let device = try RecordingDevice()
    let machine = try TinyMachine(
      .twoProcessors, .long, cpus: 2, ports: [.init(0x510, device)])
    try machine.run()
    #expect(device.text == "AB")
  }
}
