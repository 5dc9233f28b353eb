import Devices
import ProcessSupport
import Testing

@testable import Hypervisor

@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: MachineTests.hasKVM, Comment(rawValue: MachineTests.noKVM)))
struct FaultTests {
  @Test func `a triple fault is reported with the registers that the host still has`() throws {
    guard case .tripleFault(let report) = try TinyMachine(.tripleFault, .long).run() else {
      Issue.record("the guest did not end by a triple fault")
      return
    }
    #expect(report.cause == "triple fault")
    #expect(report.history.first == "triple fault")
    let registers = Dictionary(uniqueKeysWithValues: report.registers.map { ($0.name, $0.value) })
    #expect(registers["rip"] == report.instructionPointer)
    #expect(report.isReset != HostKVM.keepsRegistersAtTripleFault)
    if HostKVM.keepsRegistersAtTripleFault {
      #expect(registers["r12"] == 0x1122_3344_5566_7788)
      #expect(registers["cr3"] == Layout.pageTables.value)
      // UD2
      #expect(report.bytesAtInstruction.prefix(2) == [0x0F, 0x0B])
    } else {
      #expect(registers["r12"] != nil)
    }
  }

  @Test(.enabled(if: HostKVM.emulates, Comment(rawValue: HostKVM.doesNotEmulate)))
  func `an instruction that KVM cannot emulate is reported with its bytes`() throws {
    guard case .crashed(let report) = try TinyMachine(.notEmulated, .long).run() else {
      Issue.record("the guest did not crash")
      return
    }
    #expect(report.isEmulationFailure)
    // CMPXCHG16B (RSI)
    let instruction: [UInt8] = [0x48, 0x0F, 0xC7, 0x0E]
    #expect(Array(report.instructionBytes.prefix(4)) == instruction)
    #expect(Array(report.bytesAtInstruction.prefix(4)) == instruction)
    #expect(report.instructionPointer == Layout.flatImage.value + 5)
  }
}
