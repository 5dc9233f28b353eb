import TestSupport
import Testing

@testable import Devices

@Suite("UART 16550A: transmitter")
struct UARTTransmitterTests {
  @Test func `a byte written is offered to the line at once and the transmitter is empty again`() {
    var chip = runningChip()
    chip.write(0x41, to: Reg.data)
    #expect(drain(&chip) == [0x41])
    #expect(chip.read(Reg.lsr) == 0x60)
  }

  @Test func `enabling THRI with an empty transmitter raises it, reading IIR ends it`() {
    var chip = runningChip()
    chip.write(0x02, to: Reg.ier)
    #expect(chip.takeInterruptEdge() == true)
    #expect(chip.read(Reg.iir) == 0xC2)
    #expect(chip.read(Reg.iir) == 0xC1)
    #expect(!chip.interruptOutput)
    // Writing the same value again enables nothing anew.
    chip.write(0x02, to: Reg.ier)
    #expect(chip.read(Reg.iir) == 0xC1)
    chip.write(0x00, to: Reg.ier)
    chip.write(0x02, to: Reg.ier)
    #expect(chip.read(Reg.iir) == 0xC2)
  }

  @Test func `a burst of bytes raises one edge, after the handler has read IIR`() {
    var chip = runningChip(ier: 0x02)
    #expect(chip.read(Reg.iir) == 0xC2)
    _ = chip.takeInterruptEdge()
    var edges = 0
    for byte in UInt8(0)..<16 {
      chip.write(byte, to: Reg.data)
      #expect(drain(&chip) == [byte])
      if chip.takeInterruptEdge() { edges += 1 }
    }
    #expect(edges == 1)
    #expect(chip.read(Reg.iir) == 0xC2)
  }

  @Test func `a byte that the line refuses waits, and THRE and TEMT fall`() {
    var chip = runningChip(ier: 0x02)
    _ = chip.read(Reg.iir)
    _ = chip.takeInterruptEdge()
    chip.write(0x41, to: Reg.data)
    #expect(chip.read(Reg.lsr) == 0x00)
    #expect(chip.read(Reg.iir) == 0xC1)
    #expect(chip.takeInterruptEdge() == false)
    #expect(drain(&chip) == [0x41])
    #expect(chip.takeInterruptEdge() == true)
    #expect(chip.read(Reg.lsr) == 0x60)
    #expect(chip.read(Reg.iir) == 0xC2)
  }

  @Test func `sixteen bytes wait with FIFOs, one without, and the newest is lost`() {
    var chip = runningChip()
    for byte in UInt8(0)..<20 { chip.write(byte, to: Reg.data) }
    #expect(drain(&chip) == Array(0..<16))
    chip.write(0, to: Reg.fcr)
    chip.write(1, to: Reg.data)
    chip.write(2, to: Reg.data)
    #expect(drain(&chip) == [1])
  }

  @Test func `enabling THRI while bytes wait raises nothing before they are gone`() {
    var chip = runningChip()
    chip.write(1, to: Reg.data)
    chip.write(0x02, to: Reg.ier)
    #expect(chip.read(Reg.iir) == 0xC1)
    _ = drain(&chip)
    #expect(chip.read(Reg.iir) == 0xC2)
  }

  @Test func `clearing a transmit FIFO that holds bytes empties the transmitter`() {
    var chip = runningChip(ier: 0x02)
    _ = chip.read(Reg.iir)
    chip.write(1, to: Reg.data)
    chip.write(0x85, to: Reg.fcr)
    #expect(chip.transmission == nil)
    #expect(chip.read(Reg.lsr) == 0x60)
    #expect(chip.read(Reg.iir) == 0xC2)
  }
}

@Suite("UART 16550A: interrupts and modem lines")
struct UARTInterruptTests {
  @Test func `causes are told by priority: line status, data, transmitter, modem`() {
    var chip = runningChip(ier: 0x0F)
    chip.setConnected(false)
    chip.receiveBreak()
    #expect(chip.read(Reg.iir) == 0xC6)
    _ = chip.read(Reg.lsr)
    #expect(chip.read(Reg.iir) == 0xCC)
    _ = chip.read(Reg.data)
    #expect(chip.read(Reg.iir) == 0xC2)
    #expect(chip.read(Reg.iir) == 0xC0)
    _ = chip.read(Reg.msr)
    #expect(chip.read(Reg.iir) == 0xC1)
  }

  @Test func `a disabled cause is not told`() {
    var chip = runningChip(ier: 0x05)
    chip.receiveBreak()
    chip.setConnected(false)
    chip.write(0x00, to: Reg.ier)
    #expect(chip.read(Reg.iir) == 0xC1)
    #expect(chip.takeInterruptEdge() == false)
  }

  @Test func `OUT2 gates the interrupt line and loopback forces it low`() {
    var chip = runningChip(ier: 0x01)
    chip.receive(1)
    #expect(chip.interruptOutput)
    chip.write(0x03, to: Reg.mcr)
    #expect(!chip.interruptOutput)
    #expect(chip.takeInterruptEdge() == false)
    chip.write(0x0B, to: Reg.mcr)
    #expect(chip.takeInterruptEdge() == true)
    chip.write(0x1B, to: Reg.mcr)
    #expect(!chip.interruptOutput)
  }

  @Test func `loopback ties DTR to DSR, RTS to CTS, OUT1 to RI and OUT2 to DCD`() {
    var chip = UART16550()
    for outputs in UInt8(0)..<16 {
      chip.write(0x10 | outputs, to: Reg.mcr)
      var expected: UInt8 = 0
      if outputs & 1 != 0 { expected |= 0x20 }
      if outputs & 2 != 0 { expected |= 0x10 }
      if outputs & 4 != 0 { expected |= 0x40 }
      if outputs & 8 != 0 { expected |= 0x80 }
      #expect(chip.read(Reg.msr) & 0xF0 == expected)
      #expect(chip.read(Reg.msr) & 0x0F == 0)
    }
  }

  @Test func `delta bits tell what changed, the ring indicator only where it ends`() {
    var chip = UART16550()
    chip.write(0x10, to: Reg.mcr)
    #expect(chip.read(Reg.msr) == 0x0B)
    chip.write(0x14, to: Reg.mcr)
    #expect(chip.read(Reg.msr) == 0x40)
    chip.write(0x10, to: Reg.mcr)
    #expect(chip.read(Reg.msr) == 0x04)
    #expect(chip.read(Reg.msr) == 0x00)
    chip.write(0x00, to: Reg.mcr)
    #expect(chip.read(Reg.msr) == 0xBB)
  }

  @Test func `a peer that leaves takes CTS, DSR and DCD along`() {
    var chip = runningChip(ier: 0x08)
    chip.setConnected(false)
    #expect(chip.takeInterruptEdge() == true)
    #expect(chip.read(Reg.msr) == 0x0B)
    chip.setConnected(true)
    #expect(chip.read(Reg.msr) == 0xBB)
    chip.setConnected(true)
    #expect(chip.read(Reg.msr) == 0xB0)
  }

  @Test func `in loopback a byte written comes back and none reaches the line`() {
    var chip = runningChip()
    chip.write(0x1B, to: Reg.mcr)
    chip.write(0x77, to: Reg.data)
    #expect(chip.transmission == nil)
    #expect(chip.read(Reg.lsr) == 0x61)
    #expect(chip.read(Reg.data) == 0x77)
    chip.receive(0x11)
    chip.receiveBreak()
    #expect(chip.receiveSpace == 0)
    #expect(chip.read(Reg.lsr) == 0x60)
  }
}
