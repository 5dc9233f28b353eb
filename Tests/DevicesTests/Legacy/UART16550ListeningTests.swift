import Testing

@testable import Devices

/// When the line may send, so that a guest gets what was typed before it was there.
@Suite("UART 16550A: a guest that listens")
struct UART16550ListeningTests {
  @Test func `before anything is set up the line waits`() {
    var chip = UART16550()
    #expect(chip.receiveSpace == 0)
    chip.receive(1)
    #expect(chip.read(Reg.lsr) == 0x60)
    #expect(chip.read(Reg.data) == 0)
  }

  @Test func `a guest that sets nothing up and polls is heard`() {
    var chip = UART16550()
    _ = chip.read(Reg.lsr)
    #expect(chip.receiveSpace == 0)
    _ = chip.read(Reg.lsr)
    #expect(chip.receiveSpace == 1)
    chip.receive(0x41)
    #expect(chip.read(Reg.lsr) == 0x61)
    #expect(chip.read(Reg.data) == 0x41)
    #expect(chip.receiveSpace == 1)
  }

  @Test func `who polls to send does not poll for input`() {
    var chip = runningChip()
    for byte in UInt8(0)..<100 {
      chip.write(byte, to: Reg.data)
      // The line takes its time.
      for _ in 0..<3 { #expect(chip.read(Reg.lsr) == 0x00) }
      #expect(drain(&chip) == [byte])
      #expect(chip.read(Reg.lsr) == 0x60)
    }
    #expect(chip.receiveSpace == 0)
  }

  @Test func `the interrupt of received data is raised where a byte waits on the line`() {
    var chip = runningChip(ier: 0x01)
    chip.receive(1)
    #expect(chip.takeInterruptEdge() == true)
    // As Linux does around each of its own lines.
    chip.write(0x00, to: Reg.ier)
    #expect(chip.takeInterruptEdge() == false)
    #expect(chip.read(Reg.lsr) == 0x60)
    #expect(chip.receiveSpace == 0)
    chip.write(0x01, to: Reg.ier)
    #expect(chip.takeInterruptEdge() == true)
    #expect(chip.read(Reg.data) == 1)
  }

  @Test func `a byte that an interrupt told of survives the FIFOs' being switched on`() {
    var chip = UART16550()
    chip.write(0x0B, to: Reg.mcr)
    chip.write(0x05, to: Reg.ier)
    chip.receive(1)
    // One processor takes the interrupt while another one is at the set-up.
    #expect(chip.read(Reg.iir) == 0x04)
    chip.write(0x01, to: Reg.fcr)
    #expect(chip.read(Reg.lsr) & 0x01 != 0)
    #expect(chip.read(Reg.data) == 1)
  }

  @Test func `without FIFOs each byte on the line raises an edge of its own`() {
    var chip = runningChip(ier: 0x01)
    for byte in UInt8(0)..<3 { chip.receive(byte) }
    chip.write(0x00, to: Reg.fcr)
    _ = chip.takeInterruptEdge()
    for byte in UInt8(0)..<3 {
      #expect(chip.read(Reg.iir) == 0x04)
      #expect(chip.read(Reg.data) == byte)
      #expect(chip.takeInterruptEdge() == (byte < 2))
    }
  }

  @Test func `a loopback test finds its own byte, and the line's comes after it`() {
    var chip = runningChip(ier: 0x01)
    chip.receive(1)
    chip.write(0x1E, to: Reg.mcr)
    chip.write(0xAE, to: Reg.data)
    #expect(chip.read(Reg.data) == 0xAE)
    #expect(chip.read(Reg.lsr) & 0x01 == 0)
    chip.write(0x0F, to: Reg.mcr)
    #expect(chip.read(Reg.data) == 1)
  }

  /// What Linux does to an early port: autoconfig(), startup and set_termios() of 8250_port.c. `bytes` come as soon as
  /// they are let.
  @Test func `what is piped in survives Linux' set-up`() {
    var chip = UART16550()
    var bytes: [UInt8] = Array(1...20)
    func send() {
      while chip.receiveSpace > 0, !bytes.isEmpty { chip.receive(bytes.removeFirst()) }
    }
    func write(_ value: UInt8, _ register: UInt8) { chip.write(value, to: register); send() }
    func read(_ register: UInt8) { _ = chip.read(register); send() }
    func clearFIFOs() { for value: UInt8 in [0x01, 0x07, 0x00] { write(value, Reg.fcr) } }
    func clearInterrupts() { for register in [Reg.lsr, Reg.data, Reg.iir, Reg.msr] { read(register) } }

    // The early console writes.
    for byte in "Linux\r\n".utf8 { read(Reg.lsr); write(byte, Reg.data); _ = drain(&chip) }
    // Whether there is a port at all, and which.
    for value: UInt8 in [0, 0x0F, 0] { write(value, Reg.ier) }
    for value: UInt8 in [0x1A, 0x00] { write(value, Reg.mcr) }
    write(0x01, Reg.fcr)
    read(Reg.iir)
    clearFIFOs()
    read(Reg.data)
    write(0, Reg.ier)
    // The console: a line of its own ends with a look.
    write(0x01, Reg.fcr)
    write(0x81, Reg.fcr)
    write(0x01, Reg.mcr)
    for byte in "console\r\n".utf8 { read(Reg.lsr); write(byte, Reg.data); _ = drain(&chip) }
    read(Reg.lsr)
    // Somebody opens it.
    clearFIFOs()
    clearInterrupts()
    // Whether that is a port at all, and whether it is idle.
    for _ in 0..<2 { read(Reg.lsr) }
    for value: UInt8 in [0x02, 0x00, 0x02, 0x00] {
      write(value, Reg.ier)
      read(Reg.iir)
    }
    write(0x03, Reg.lcr)
    write(0x09, Reg.mcr)
    write(0x02, Reg.ier)
    for register in [Reg.lsr, Reg.iir] { read(register) }
    write(0x00, Reg.ier)
    clearInterrupts()
    write(0x05, Reg.ier)
    write(0x01, Reg.fcr)
    write(0x81, Reg.fcr)
    write(0x0B, Reg.mcr)

    var got: [UInt8] = []
    while chip.read(Reg.iir) & 1 == 0 {
      while chip.read(Reg.lsr) & 0x01 != 0 {
        got.append(chip.read(Reg.data))
        send()
      }
    }
    #expect(got == Array(1...20))
  }
}
