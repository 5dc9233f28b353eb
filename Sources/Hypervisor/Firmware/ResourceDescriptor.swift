internal import Devices

/// One entry of a resource template: addresses, ports or interrupts of a device (ACPI 6.5 section 6.4).
struct ResourceDescriptor: Hashable, Sendable {
  let bytes: [UInt8]

  /// The descriptors with the end tag behind them, whose checksum makes all bytes sum to zero.
  static func template(_ descriptors: [ResourceDescriptor]) -> [UInt8] {
    let bytes = descriptors.flatMap(\.bytes) + [0x79]
    return bytes + [bytes.checksum]
  }

  // MARK: Small descriptors: what a device uses itself

  /// `count` ports from `base`, fixed, all 16 address bits decoded (section 6.4.2.5).
  static func ports(_ base: UInt16, count: UInt8) -> ResourceDescriptor {
    let decode16: UInt8 = 1
    let alignment: UInt8 = 1
    return ResourceDescriptor(
      bytes: [0x47, decode16] + base.littleEndianBytes + base.littleEndianBytes + [alignment, count])
  }

  /// An ISA interrupt 0 to 15: edge-triggered, active high, exclusive (section 6.4.2.1).
  static func irq(_ number: UInt8) -> ResourceDescriptor {
    precondition(number < 16, "ISA interrupts are 0 to 15")
    return ResourceDescriptor(bytes: [0x22] + (UInt16(1) << number).littleEndianBytes)
  }

  // MARK: Large descriptors

  /// Writable memory below 4 GiB that a device uses itself (section 6.4.3.4).
  static func memory(_ range: GuestRange) -> ResourceDescriptor {
    let writable: UInt8 = 1
    return large(
      0x86, [writable] + UInt32(range.base.value).littleEndianBytes + UInt32(range.size).littleEndianBytes)
  }

  /// A level-triggered, active-low, shared interrupt of any number (section 6.4.3.6).
  static func interrupt(gsi: UInt32) -> ResourceDescriptor {
    let consumer: UInt8 = 1 << 0
    let activeLow: UInt8 = 1 << 2
    let shared: UInt8 = 1 << 3
    return large(0x89, [consumer | activeLow | shared, 1] + gsi.littleEndianBytes)
  }

  // MARK: Windows: what a bridge passes on to the bus below it (section 6.4.3.5)

  static func busWindow(_ buses: ClosedRange<UInt16>) -> ResourceDescriptor {
    window(0x88, type: 2, flags: 0, buses)
  }

  static func portWindow(_ ports: ClosedRange<UInt16>) -> ResourceDescriptor {
    let entireRange: UInt8 = 3
    return window(0x88, type: 1, flags: entireRange, ports)
  }

  /// Uncached, writable memory; the descriptor is 32 bits wide where the addresses allow it.
  static func memoryWindow(_ range: GuestRange) -> ResourceDescriptor {
    let writable: UInt8 = 1
    if let first = UInt32(exactly: range.base.value), let last = UInt32(exactly: range.last.value) {
      return window(0x87, type: 0, flags: writable, first...last)
    }
    return window(0x8A, type: 0, flags: writable, range.base.value...range.last.value)
  }

  /// A word, doubleword or quadword address space descriptor: a producer's, fixed at both ends.
  private static func window<Address: FixedWidthInteger & UnsignedInteger>(
    _ tag: UInt8, type: UInt8, flags: UInt8, _ range: ClosedRange<Address>
  ) -> ResourceDescriptor {
    let fixedMinimum: UInt8 = 1 << 2
    let fixedMaximum: UInt8 = 1 << 3
    let granularity: Address = 0
    let translation: Address = 0
    let length = range.upperBound - range.lowerBound + 1
    let fields = [granularity, range.lowerBound, range.upperBound, translation, length]
    return large(tag, [type, fixedMinimum | fixedMaximum, flags] + fields.flatMap(\.littleEndianBytes))
  }

  private static func large(_ tag: UInt8, _ contents: [UInt8]) -> ResourceDescriptor {
    ResourceDescriptor(bytes: [tag] + UInt16(contents.count).littleEndianBytes + contents)
  }
}
