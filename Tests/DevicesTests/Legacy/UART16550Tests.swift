import TestSupport
import Testing

@testable import Devices

/// Register numbers and bits as a driver writes them, apart from those in the sources.
private enum Reg {
  static let data: UInt8 = 0, ier: UInt8 = 1, iir: UInt8 = 2, fcr: UInt8 = 2
  static let lcr: UInt8 = 3, mcr: UInt8 = 4, lsr: UInt8 = 5, msr: UInt8 = 6, scr: UInt8 = 7
}

/// A chip with FIFOs on, OUT2 raised and trigger level 8, as Linux runs it.
private func runningChip(ier: UInt8 = 0) -> UART16550 {
  var chip = UART16550()
  chip.write(0x03, to: Reg.lcr)
  chip.write(0x81, to: Reg.fcr)
  chip.write(0x0B, to: Reg.mcr)
  chip.write(ier, to: Reg.ier)
  _ = chip.read(Reg.msr)
  _ = chip.takeInterruptEdge()
  return chip
}

/// Lets the line take all that the transmitter holds.
private func drain(_ chip: inout UART16550) -> [UInt8] {
  var bytes: [UInt8] = []
  while let byte = chip.transmission {
    chip.transmitted()
    bytes.append(byte)
  }
  return bytes
}

@Suite("UART 16550A: registers")
struct UARTRegisterTests {
  @Test func `after reset the transmitter is empty, a peer is there and no interrupt stands`() {
    var chip = UART16550()
    #expect(chip.read(Reg.lsr) == 0x60)
    #expect(chip.read(Reg.iir) == 0x01)
    #expect(chip.read(Reg.msr) == 0xB0)
    #expect(chip.read(Reg.ier) == 0)
    #expect(chip.read(Reg.lcr) == 0)
    #expect(chip.read(Reg.mcr) == 0)
    #expect(!chip.interruptOutput)
  }

  @Test func `the divisor hides behind DLAB and keeps both bytes`() {
    var chip = UART16550()
    chip.write(0x80, to: Reg.lcr)
    #expect(chip.read(0) == 1)
    #expect(chip.read(1) == 0)
    chip.write(0x34, to: 0)
    chip.write(0x12, to: 1)
    #expect(chip.read(0) == 0x34)
    #expect(chip.read(1) == 0x12)
    chip.write(0x03, to: Reg.lcr)
    #expect(chip.read(1) == 0)
    #expect(chip.transmission == nil)
    chip.write(0x83, to: Reg.lcr)
    #expect(chip.read(0) == 0x34)
  }

  @Test func `the scratch register keeps every value`() {
    var chip = UART16550()
    for value in UInt8.min...UInt8.max {
      chip.write(value, to: Reg.scr)
      #expect(chip.read(Reg.scr) == value)
    }
  }

  @Test func `reserved bits of IER and MCR read zero`() {
    var chip = UART16550()
    chip.write(0xFF, to: Reg.ier)
    #expect(chip.read(Reg.ier) == 0x0F)
    chip.write(0xFF, to: Reg.mcr)
    #expect(chip.read(Reg.mcr) == 0x1F)
  }

  @Test func `status registers keep no write`() {
    var chip = UART16550()
    chip.write(0xFF, to: Reg.lsr)
    chip.write(0xFF, to: Reg.msr)
    #expect(chip.read(Reg.lsr) == 0x60)
    #expect(chip.read(Reg.msr) == 0xB0)
  }

  @Test func `register numbers repeat every eight`() {
    var chip = UART16550()
    chip.write(0x5A, to: 0xFF)
    #expect(chip.read(7) == 0x5A)
  }
}

@Suite("UART 16550A: receiver")
struct UARTReceiverTests {
  @Test func `data below the trigger level is a character timeout, at it received data`() {
    var chip = runningChip(ier: 0x01)
    for byte in UInt8(0)..<7 {
      chip.receive(byte)
      #expect(chip.read(Reg.iir) == 0xCC)
    }
    chip.receive(7)
    #expect(chip.read(Reg.iir) == 0xC4)
    #expect(chip.read(Reg.lsr) == 0x61)
    for byte in UInt8(0)..<8 { #expect(chip.read(Reg.data) == byte) }
    #expect(chip.read(Reg.iir) == 0xC1)
    #expect(chip.read(Reg.lsr) == 0x60)
  }

  @Test(arguments: [(UInt8(0x01), 1), (0x41, 4), (0x81, 8), (0xC1, 14)])
  func `trigger levels are 1, 4, 8 and 14`(control: UInt8, level: Int) {
    var chip = runningChip(ier: 0x01)
    chip.write(control, to: Reg.fcr)
    for count in 1...16 {
      chip.receive(0x55)
      #expect(chip.read(Reg.iir) == (count >= level ? 0xC4 : 0xCC))
    }
  }

  @Test func `a byte left in the FIFO raises a further edge`() {
    var chip = runningChip(ier: 0x01)
    chip.receive(1)
    chip.receive(2)
    #expect(chip.takeInterruptEdge() == true)
    #expect(chip.takeInterruptEdge() == false)
    _ = chip.read(Reg.data)
    #expect(chip.takeInterruptEdge() == true)
    _ = chip.read(Reg.data)
    #expect(chip.takeInterruptEdge() == false)
    #expect(!chip.interruptOutput)
  }

  @Test func `a full FIFO loses the newest byte and says overrun once`() {
    var chip = runningChip(ier: 0x04)
    for byte in UInt8(0)..<17 { chip.receive(byte) }
    #expect(chip.receiveSpace == 0)
    #expect(chip.read(Reg.iir) == 0xC6)
    #expect(chip.read(Reg.lsr) == 0x63)
    #expect(chip.read(Reg.lsr) == 0x61)
    #expect(chip.read(Reg.iir) == 0xC1)
    for byte in UInt8(0)..<16 { #expect(chip.read(Reg.data) == byte) }
    #expect(chip.read(Reg.lsr) == 0x60)
  }

  @Test func `without FIFOs a second byte overwrites the first`() {
    var chip = UART16550()
    chip.write(0x01, to: Reg.ier)
    #expect(chip.receiveSpace == 1)
    chip.receive(1)
    #expect(chip.read(Reg.iir) == 0x04)
    chip.receive(2)
    #expect(chip.read(Reg.lsr) == 0x63)
    #expect(chip.read(Reg.data) == 2)
    #expect(chip.read(Reg.lsr) == 0x60)
  }

  @Test func `a break shows when its zero byte is on top, and bit 7 as long as it is in the FIFO`() {
    var chip = runningChip(ier: 0x05)
    chip.receive(0x41)
    chip.receiveBreak()
    chip.receive(0x42)
    #expect(chip.read(Reg.lsr) == 0xE1)
    #expect(chip.read(Reg.iir) == 0xCC)
    #expect(chip.read(Reg.data) == 0x41)
    #expect(chip.read(Reg.iir) == 0xC6)
    #expect(chip.read(Reg.lsr) == 0xF1)
    #expect(chip.read(Reg.lsr) == 0x61)
    #expect(chip.read(Reg.iir) == 0xCC)
    #expect(chip.read(Reg.data) == 0)
    #expect(chip.read(Reg.data) == 0x42)
    #expect(chip.read(Reg.lsr) == 0x60)
  }

  @Test func `a break in the last of sixteen places is found`() {
    var chip = runningChip()
    for _ in 0..<15 { chip.receive(0x20) }
    chip.receiveBreak()
    for _ in 0..<15 {
      #expect(chip.read(Reg.lsr) == 0xE1)
      _ = chip.read(Reg.data)
    }
    #expect(chip.read(Reg.lsr) == 0xF1)
  }

  @Test func `without FIFOs a break sets no FIFO error`() {
    var chip = UART16550()
    chip.receiveBreak()
    #expect(chip.read(Reg.lsr) == 0x71)
  }

  @Test func `resetting or switching the FIFOs empties them`() {
    var chip = runningChip(ier: 0x01)
    chip.receive(1)
    chip.receiveBreak()
    chip.write(0x83, to: Reg.fcr)
    #expect(chip.read(Reg.lsr) == 0x60)
    chip.receive(1)
    chip.write(0x00, to: Reg.fcr)
    #expect(chip.read(Reg.lsr) == 0x60)
    #expect(chip.read(Reg.iir) == 0x01)
    chip.receive(1)
    chip.write(0x01, to: Reg.fcr)
    #expect(chip.read(Reg.lsr) == 0x60)
  }

  @Test func `FIFO control bits beside a cleared enable bit do nothing`() {
    var chip = UART16550()
    chip.receive(9)
    chip.write(0xC6, to: Reg.fcr)
    #expect(chip.read(Reg.lsr) == 0x61)
    chip.write(0x01, to: Reg.fcr)
    chip.write(0x01, to: Reg.ier)
    chip.receive(9)
    #expect(chip.read(Reg.iir) == 0xC4)
  }

  @Test func `input is held back once the guest drops an RTS that it had raised`() {
    var chip = UART16550()
    chip.write(0x01, to: Reg.fcr)
    #expect(chip.receiveSpace == 16)
    chip.write(0x01, to: Reg.mcr)
    #expect(chip.receiveSpace == 16)
    chip.write(0x0B, to: Reg.mcr)
    #expect(chip.receiveSpace == 16)
    chip.write(0x09, to: Reg.mcr)
    #expect(chip.receiveSpace == 0)
    chip.write(0x0B, to: Reg.mcr)
    #expect(chip.receiveSpace == 16)
  }

  @Test func `RTS in loopback is not raised on the line`() {
    var chip = UART16550()
    chip.write(0x12, to: Reg.mcr)
    #expect(chip.receiveSpace == 0)
    chip.write(0x00, to: Reg.mcr)
    #expect(chip.receiveSpace == 1)
  }
}

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
    var chip = runningChip(ier: 0x00)
    chip.receiveBreak()
    chip.setConnected(false)
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
