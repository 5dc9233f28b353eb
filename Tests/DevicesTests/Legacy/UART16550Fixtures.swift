@testable import Devices

/// Register numbers and bits as a driver writes them, apart from those in the sources.
enum Reg {
  static let data: UInt8 = 0, ier: UInt8 = 1, iir: UInt8 = 2, fcr: UInt8 = 2
  static let lcr: UInt8 = 3, mcr: UInt8 = 4, lsr: UInt8 = 5, msr: UInt8 = 6, scr: UInt8 = 7
}

/// A chip with FIFOs on, OUT2 raised and trigger level 8, as Linux runs it.
func runningChip(ier: UInt8 = 0) -> UART16550 {
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
func drain(_ chip: inout UART16550) -> [UInt8] {
  var bytes: [UInt8] = []
  while let byte = chip.transmission {
    chip.transmitted()
    bytes.append(byte)
  }
  return bytes
}
