import Testing

@testable import Devices

/// The chip as Linux' 8250 driver examines and runs it (drivers/tty/serial/8250/8250_port.c).
@Suite("UART 16550A under Linux' 8250 driver")
struct UART16550LinuxTests {
  @Test func `the existence test passes: IER takes its four bits and no more`() {
    var chip = UART16550()
    let saved = chip.read(1)
    chip.write(0, to: 1)
    #expect(chip.read(1) & 0x0F == 0)
    chip.write(0x0F, to: 1)
    #expect(chip.read(1) & 0x0F == 0x0F)
    // The Xscale test: bit 6 must not stay.
    chip.write(0x40, to: 1)
    #expect(chip.read(1) & 0x40 == 0)
    chip.write(saved, to: 1)
  }

  @Test func `the loopback test passes: OUT2 and RTS show as DCD and CTS`() {
    var chip = UART16550()
    let saved = chip.read(4)
    chip.write(0x1A, to: 4)
    #expect(chip.read(6) & 0xF0 == 0x90)
    chip.write(saved, to: 4)
  }

  @Test func `the probe sees a 16550A and none of its relatives`() {
    var chip = UART16550()
    chip.write(0xBF, to: 3)
    chip.write(0, to: 2)
    chip.write(0, to: 3)
    chip.write(0x01, to: 2)
    #expect(chip.read(2) & 0xC0 == 0xC0)

    // No enhanced feature register in either mode (ST16650 and later).
    chip.write(0x80, to: 3)
    #expect(chip.read(2) != 0)
    chip.write(0xBF, to: 3)
    #expect(chip.read(2) != 0)

    // No National Semiconductor bank 2: MCR's loopback bit does not show there.
    chip.write(0, to: 3)
    let control = chip.read(4)
    chip.write(control ^ 0x10, to: 4)
    chip.write(0xE0, to: 3)
    #expect((chip.read(2) ^ control) & 0x10 == 0)
    chip.write(0, to: 3)
    chip.write(control, to: 4)

    // No 64-byte FIFO (TI 16750), with or without DLAB.
    for format: UInt8 in [0, 0x80] {
      chip.write(format, to: 3)
      chip.write(0x21, to: 2)
      #expect(chip.read(2) & 0xE0 == 0xC0)
      chip.write(0x01, to: 2)
    }

    // The divisor is no identification (XR16C850).
    chip.write(0x80, to: 3)
    chip.write(0, to: 0)
    chip.write(0, to: 1)
    #expect(chip.read(0) == 0)
    #expect(chip.read(1) == 0)
  }

  @Test func `the FIFO is measured as sixteen bytes`() {
    var chip = UART16550()
    chip.write(0, to: 3)
    chip.write(0x07, to: 2)
    chip.write(0x10, to: 4)
    chip.write(0x03, to: 3)
    for byte in UInt8.min...UInt8.max { chip.write(byte, to: 0) }
    var count = 0
    while chip.read(5) & 0x01 != 0, count < 256 {
      #expect(chip.read(0) == UInt8(count))
      count += 1
    }
    #expect(count == 16)
  }

  @Test func `THRE is raised again each time its interrupt is enabled`() {
    var chip = UART16550()
    chip.write(0x02, to: 1)
    #expect(chip.read(2) & 1 == 0)
    chip.write(0, to: 1)
    chip.write(0x02, to: 1)
    #expect(chip.read(2) & 1 == 0)
    chip.write(0, to: 1)
    // The test for UARTs that do not raise the interrupt at all.
    chip.write(0x02, to: 1)
    let status = chip.read(5)
    let identification = chip.read(2)
    #expect(status & 0x40 != 0 && identification & 1 == 0)
  }

  @Test func `an interrupt handler that loops until IIR is quiet gets every byte`() {
    var chip = UART16550()
    chip.write(0x81, to: 2)
    chip.write(0x0B, to: 4)
    chip.write(0x05, to: 1)
    var got: [UInt8] = []
    var next: UInt8 = 0
    for burst in 1...100 {
      var sent = 0
      while sent < burst % 17, chip.receiveSpace > 0 {
        chip.receive(next)
        next &+= 1
        sent += 1
      }
      #expect(chip.takeInterruptEdge() == (sent > 0))
      while chip.read(2) & 1 == 0 {
        while chip.read(5) & 0x01 != 0 { got.append(chip.read(0)) }
      }
      _ = chip.takeInterruptEdge()
    }
    #expect(got.count == (1...100).reduce(0) { $0 + $1 % 17 })
    #expect(got == got.indices.map { UInt8(truncatingIfNeeded: $0) })
  }
}
