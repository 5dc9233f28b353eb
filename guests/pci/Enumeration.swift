// Which devices are there? PCI's configuration space answers, 256 bytes for each function, through two ports: the
// first takes an address, the second is the four bytes there (PCI Local Bus 3.0, 3.2.2.3.2).
import Bare

/// The configuration space of function 0 of a device on bus 0.
struct Function {
  let device: UInt32

  func read(_ offset: UInt32) -> UInt32 {
    select(offset)
    return Port(0xCFC).read32()
  }

  func write(_ value: UInt32, _ offset: UInt32) {
    select(offset)
    Port(0xCFC).write32(value)
  }

  private func select(_ offset: UInt32) {
    // Bit 31 says that this is an address; bus, device and function follow, the offset in words last.
    Port(0xCF8).write32(1 << 31 | device << 11 | offset)
  }
}

/// A base address register: where the guest sees some memory or ports of the device.
func describe(_ function: Function, register: UInt32) -> Int {
  let offset = 0x10 + 4 * register
  let low = function.read(offset)
  // The bits that say how large it is do not keep what is written to them.
  function.write(.max, offset)
  let mask = function.read(offset)
  function.write(low, offset)
  if mask == 0 { return 1 }
  if low & 1 != 0 {
    print("  base address \(register): ports at 0x\(Hex(low & ~3))")
    return 1
  }
  let size = ~(mask & ~15) &+ 1
  let isWide = low & 0b110 == 0b100
  let address = UInt64(isWide ? function.read(offset + 4) : 0) << 32 | UInt64(low & ~15)
  print("  base address \(register): \(size >> 10) KiB of memory at 0x\(Hex(address))")
  return isWide ? 2 : 1
}

func describeCapabilities(_ function: Function) {
  // Bit 4 of the status: there is a list, and its first entry's offset is at 0x34.
  guard function.read(0x04) >> 16 & 0x10 != 0 else { return }
  var offset = function.read(0x34) & 0xFC
  // A list that runs in circles has more entries than there is room for.
  for _ in 0..<48 where offset != 0 {
    let entry = function.read(offset)
    switch entry & 0xFF {
    case 0x09: print("  capability at 0x\(Hex(UInt8(offset))): the vendor's own, type \(entry >> 24)")
    case 0x11: print("  capability at 0x\(Hex(UInt8(offset))): MSI-X, \((entry >> 16 & 0x7FF) + 1) messages")
    case let id: print("  capability at 0x\(Hex(UInt8(offset))): number \(id)")
    }
    offset = entry >> 8 & 0xFC
  }
}

func kind(_ classCode: UInt32) -> StaticString {
  switch classCode {
  case 0x01: "storage"
  case 0x02: "network"
  case 0x06: "bridge"
  case 0x07: "communication"
  default: "other"
  }
}

@main enum Lesson {
  static func main() {
    for device: UInt32 in 0..<32 {
      let function = Function(device: device)
      let identity = function.read(0x00)
      // Where nobody answers, all bits read as ones.
      if identity == .max { continue }
      let (vendor, product) = (UInt16(truncatingIfNeeded: identity), UInt16(identity >> 16))
      print("00:\(Hex(UInt8(device))).0 \(Hex(vendor)):\(Hex(product)) ", terminator: "")
      print(kind(function.read(0x08) >> 24))
      var register: UInt32 = 0
      while register < 6 { register += UInt32(describe(function, register: register)) }
      describeCapabilities(function)
    }
  }
}
