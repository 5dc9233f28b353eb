import Devices
import ProcessSupport
import TestSupport
import Testing

@testable import Hypervisor

@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: MachineTests.hasKVM, Comment(rawValue: MachineTests.noKVM)))
struct WholeMachineTests {
  private func isReset(_ ending: MachineEnding) -> Bool {
    if case .reset = ending { true } else { false }
  }

  private func isPowerOff(_ ending: MachineEnding) -> Bool {
    if case .poweredOff = ending { true } else { false }
  }

  @Test func `a reset by the keyboard controller ends the machine`() throws {
    #expect(isReset(try WholeMachine.run(.keyboardReset)))
  }

  @Test func `a reset by port 0xCF9 ends the machine`() throws {
    #expect(isReset(try WholeMachine.run(.controlReset)))
  }

  @Test func `a reset by the register that ACPI names ends the machine`() throws {
    let tables = try ACPITables(.init(apicIDs: [0], pciWindow64: nil)).bytes
    let signature = Array("FACP".utf8)
    let start = try #require(
      tables.indices.first { tables[$0...].starts(with: signature) && $0 % 4 == 0 })
    // RESET_REG, a generic address whose space 1 is I/O ports, and RESET_VALUE (ACPI 6.5, table 5.9).
    let register = tables[(start + 116)...]
    #expect(register[start + 116] == 1)
    let (low, high) = (register[start + 120], register[start + 121])
    let value = tables[start + 128]
    // mov $port, %dx; mov $value, %al; out %al, %dx; hlt; jmp back to the hlt
    let guest = Guest(bytes: [0xBA, low, high, 0xB0, value, 0xEE, 0xF4, 0xEB, 0xFD])
    #expect(isReset(try WholeMachine.run(guest)))
  }

  @Test func `soft off ends the machine`() throws {
    #expect(isPowerOff(try WholeMachine.run(.powerOff)))
  }

  @Test func `what a guest writes to COM1 reaches the console`() throws {
    let console = RecordingSink()
    #expect(isPowerOff(try WholeMachine.run(.greeting, console: console)))
    #expect(String(decoding: console.bytes, as: UTF8.self) == "Hello from a tiny guest\r\n")
  }
}
