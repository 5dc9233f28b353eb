import TestSupport
import Testing

@testable import Devices

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

  @Test func `the line sends no more than there is room for`() {
    var chip = runningChip(ier: 0x01)
    #expect(chip.receiveSpace == 16)
    for byte in UInt8(0)..<17 { chip.receive(byte) }
    #expect(chip.receiveSpace == 0)
    for byte in UInt8(0)..<16 {
      #expect(chip.read(Reg.lsr) == 0x61)
      #expect(chip.read(Reg.data) == byte)
    }
    #expect(chip.read(Reg.lsr) == 0x60)
    chip.write(0, to: Reg.fcr)
    #expect(chip.receiveSpace == 1)
  }

  @Test func `a full FIFO loses the newest byte of a loopback and says overrun once`() {
    var chip = runningChip(ier: 0x04)
    chip.write(0x1B, to: Reg.mcr)
    for byte in UInt8(0)..<17 { chip.write(byte, to: Reg.data) }
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
    chip.write(0x10, to: Reg.mcr)
    chip.write(1, to: Reg.data)
    #expect(chip.read(Reg.iir) == 0x04)
    chip.write(2, to: Reg.data)
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
    var chip = runningChip(ier: 0x01)
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
    chip.write(0x01, to: Reg.ier)
    chip.receiveBreak()
    #expect(chip.read(Reg.lsr) == 0x71)
  }

  @Test func `resetting or switching the FIFOs empties them`() {
    for control: UInt8 in [0x83, 0x00] {
      var chip = runningChip(ier: 0x01)
      chip.receive(1)
      chip.receiveBreak()
      #expect(chip.read(Reg.lsr) == 0xE1)
      chip.write(control, to: Reg.fcr)
      #expect(chip.read(Reg.lsr) == 0x60)
      #expect(chip.read(Reg.iir) & 0x0F == 0x01)
    }
  }

  @Test func `FIFO control bits beside a cleared enable bit do nothing`() {
    var chip = UART16550()
    chip.write(0x01, to: Reg.ier)
    chip.receive(9)
    #expect(chip.read(Reg.lsr) == 0x61)
    chip.write(0xC6, to: Reg.fcr)
    #expect(chip.read(Reg.lsr) == 0x61)
    chip.write(0x01, to: Reg.fcr)
    chip.receive(9)
    #expect(chip.read(Reg.iir) == 0xC4)
  }

  @Test func `input is held back once the guest drops an RTS that it had raised`() {
    var chip = UART16550()
    chip.write(0x01, to: Reg.ier)
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
    chip.write(0x01, to: Reg.ier)
    chip.write(0x12, to: Reg.mcr)
    #expect(chip.receiveSpace == 0)
    chip.write(0x00, to: Reg.mcr)
    #expect(chip.receiveSpace == 1)
  }
}
