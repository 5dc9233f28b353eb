import Devices
import TestSupport
import Testing

/// What every bus device must do, whatever it is. A device is added here by one line in `all`.
@Suite("Conformance of bus devices")
struct BusDeviceConformanceTests {
  /// A way to make one kind of device, in the same state each time.
  struct Kind: Sendable, CustomTestStringConvertible {
    let name: String
    /// Addresses of its window.
    let size: UInt64
    let make: @Sendable () throws -> any BusDevice

    var testDescription: String { name }
  }

  static let all = [
    Kind(name: "SerialPort", size: 8) {
      try SerialPort(interrupt: InterruptLine(), sink: RecordingSink(room: 40))
    },
    Kind(name: "RealTimeClock", size: 2) {
      try RealTimeClock(
        interrupt: InterruptLine(), clock: ManualClock(unixSeconds: 1_700_000_000),
        memory: .init(below4GiB: 1 << 30))
    },
    Kind(name: "KeyboardController.DataPort", size: 1) {
      KeyboardController(interrupt: try InterruptLine(), power: try PowerControl()).dataPort
    },
    Kind(name: "KeyboardController.CommandPort", size: 1) {
      KeyboardController(interrupt: try InterruptLine(), power: try PowerControl()).commandPort
    },
    Kind(name: "ACPIPower", size: 6) {
      ACPIPower(interrupt: try InterruptLine(), power: try PowerControl())
    },
    Kind(name: "PanicPort", size: 1) { PanicPort(power: try PowerControl()) },
    Kind(name: "DebugPort", size: DebugPort.size) { DebugPort(power: try PowerControl()) },
    Kind(name: "FirmwareConfiguration", size: FirmwareConfiguration.size) { firmware },
  ]

  private static var firmware: FirmwareConfiguration {
    FirmwareConfiguration(
      processors: 2, ramSize: 1 << 30, files: [.init(name: "opt/file", bytes: Array(1...200))])
  }

  /// An access inside a window.
  private struct Access {
    let offset: UInt64
    let width: Int
    let value: UInt64
    let isWrite: Bool

    init(in size: UInt64, using random: inout SeededRandom) {
      let widths = [1, 1, 1, 2, 4, 8].filter { UInt64($0) <= size }
      width = widths.randomElement(using: &random) ?? 1
      offset = UInt64.random(in: 0...size - UInt64(width), using: &random)
      value = random.next()
      isWrite = Bool.random(using: &random)
    }

    /// The bits that the access carries.
    var mask: UInt64 { width == 8 ? UInt64.max : (1 << (8 * UInt64(width))) - 1 }
  }

  @Test(arguments: all)
  func `two devices of a kind answer the same accesses alike`(kind: Kind) throws {
    let one = try kind.make()
    let other = try kind.make()
    var random = SeededRandom(seed: 11)
    for _ in 0..<5000 {
      let access = Access(in: kind.size, using: &random)
      if access.isWrite {
        one.write(access.value, at: access.offset, width: access.width)
        other.write(access.value, at: access.offset, width: access.width)
      } else {
        let value = one.read(at: access.offset, width: access.width) & access.mask
        #expect(other.read(at: access.offset, width: access.width) & access.mask == value)
      }
    }
  }

  @Test(arguments: all)
  func `bits past a write's width change nothing`(kind: Kind) throws {
    let one = try kind.make()
    let other = try kind.make()
    var random = SeededRandom(seed: 12)
    for _ in 0..<5000 {
      let access = Access(in: kind.size, using: &random)
      if access.isWrite {
        one.write(access.value, at: access.offset, width: access.width)
        other.write(access.value & access.mask, at: access.offset, width: access.width)
      } else {
        let value = one.read(at: access.offset, width: access.width) & access.mask
        #expect(other.read(at: access.offset, width: access.width) & access.mask == value)
      }
    }
  }

  @Test(arguments: all)
  func `a wide access is the bytes that it is made of, lowest first`(kind: Kind) throws {
    let wide = try kind.make()
    let narrow = try kind.make()
    var random = SeededRandom(seed: 13)
    for _ in 0..<5000 {
      let access = Access(in: kind.size, using: &random)
      let bytes = 0..<UInt64(access.width)
      if access.isWrite {
        wide.write(access.value, at: access.offset, width: access.width)
        for byte in bytes { narrow.write(access.value >> (8 * byte), at: access.offset + byte, width: 1) }
      } else {
        let value = wide.read(at: access.offset, width: access.width) & access.mask
        let assembled = bytes.reduce(0 as UInt64) {
          $0 | (narrow.read(at: access.offset + $1, width: 1) & 0xFF) << (8 * $1)
        }
        #expect(assembled == value)
      }
    }
  }

  @Test(arguments: all)
  func `an access of any place and width is survived, and answered alike`(kind: Kind) throws {
    let one = try kind.make()
    let other = try kind.make()
    var random = SeededRandom(seed: 14)
    let far: [UInt64] = [0, 1, kind.size - 1, kind.size, 255, 1 << 32, UInt64.max - 7, UInt64.max]
    for _ in 0..<5000 {
      let offset = (far.randomElement(using: &random) ?? 0) &+ UInt64.random(in: 0..<8, using: &random)
      let width = Int.random(in: 1...8, using: &random)
      let value = random.next()
      one.write(value, at: offset, width: width)
      other.write(value, at: offset, width: width)
      let answer = one.read(at: offset, width: width)
      #expect(other.read(at: offset, width: width) == answer)
    }
  }

  @Test func `a state saved at any moment is one that restores`() throws {
    var random = SeededRandom(seed: 15)
    func exercise<Device: BusDevice & StatefulDevice>(_ device: Device, size: UInt64) throws {
      for step in 0..<3000 {
        let access = Access(in: size, using: &random)
        if access.isWrite {
          device.write(access.value, at: access.offset, width: access.width)
        } else {
          _ = device.read(at: access.offset, width: access.width)
        }
        if step % 50 == 0 {
          let state = device.state
          try device.restore(state)
          #expect(device.state == state)
        }
      }
    }
    // A sink without room: one with room takes what a restored port still holds.
    try exercise(SerialPort(interrupt: InterruptLine(), sink: RecordingSink(room: 0)), size: 8)
    try exercise(
      RealTimeClock(
        interrupt: InterruptLine(), clock: ManualClock(unixSeconds: 0), memory: .init(below4GiB: 1 << 30)),
      size: 2)
    try exercise(ACPIPower(interrupt: InterruptLine(), power: PowerControl()), size: 6)
    try exercise(Self.firmware, size: FirmwareConfiguration.size)
  }
}
