import TestSupport
import Testing

@testable import Devices

/// Systems that write anything to configuration space, by its ports and as memory.
@Suite struct ConfigurationSpaceFuzzTests {
  @Test func `functions stay what they are, and answer where their registers say`() throws {
    let run = FuzzRun(seed: 8)
    try run.repeated(rounds: 6) { random, seed in
      let bus = try FuzzedBus()
      defer { bus.shutDown() }
      var fuzzer = ConfigurationFuzzer(random: random)
      for step in 0..<400 {
        fuzzer.step(bus)
        if step % 8 == 0 { bus.check("seed \(seed), step \(step)", &fuzzer.random) }
      }
      bus.check("seed \(seed)", &fuzzer.random)
      random = fuzzer.random
    }
  }
}

/// A host bridge with three devices behind it, as a machine has them.
private final class FuzzedBus {
  let power: PowerControl
  let ports: ConfigurationPorts
  let ecam: ECAMWindow
  let slots = [1, 2, 31]
  /// Whether the reset control register was written so that the machine begins again.
  var isResetAsked = false
  private let map = BaseAddressMap()
  private let window: MemoryWindow
  private let doorbells = RecordingDoorbells()
  private let functions: [VirtioPCI]
  private let first: [[UInt32]]
  static let base: UInt64 = 0xC000_0000

  init() throws {
    let memory = try GuestMemory([GuestRange(base: 0, size: 1 << 20)])
    let router = RecordingRouter()
    var places: [PCIAddress: any PCIFunction] = [:]
    var functions: [VirtioPCI] = []
    for slot in slots {
      let function = try VirtioPCI(
        EntropyDevice(thread: IOThread(name: "slot \(slot)")), memory: memory,
        at: GuestAddress(Self.base + UInt64(slot) * VirtioPCI.memorySize), on: map, router: router,
        doorbells: doorbells, pin: LevelInterruptLine())
      functions.append(function)
      places[try #require(PCIAddress(device: UInt8(slot)))] = function
    }
    self.functions = functions
    let bridge = try HostBridge(functions: places)
    power = try PowerControl()
    ports = ConfigurationPorts(bridge, power: power)
    ecam = ECAMWindow(bridge)
    window = MemoryWindow(map, base: GuestAddress(Self.base))
    let reader = ecam
    first = ([0] + slots).map { slot in
      (0..<64).map { UInt32(reader.read(at: UInt64(slot << 15 + 4 * $0), width: 4)) }
    }
  }

  func shutDown() {
    for function in functions { function.shutDown() }
  }

  /// Bits of a doubleword that a system may change or that change by themselves (PCI Local Bus 3.0 section 6.2, 6.8.2;
  /// virtio 1.2 section 4.1.4.9), of the bridge and of a device.
  private static func changeable(_ offset: Int, isBridge: Bool) -> UInt32 {
    switch offset {
    // Command; of the status the errors, and whether an interrupt waits.
    case 0x04: 0xF908_0547
    case 0x0C, 0x3C: 0xFF
    case 0x10 where !isBridge: ~0x7FFF
    case 0x14 where !isBridge: .max
    case 0x40 where !isBridge: 0xC000_0000
    case 0xA4 where !isBridge: 0xFF
    case 0xA8 where !isBridge, 0xAC where !isBridge, 0xB0 where !isBridge: .max
    default: 0
    }
  }

  func check(_ place: String, _ random: inout SeededRandom) {
    for (index, slot) in ([0] + slots).enumerated() {
      for number in 0..<64 where number != 0xB0 / 4 {
        let now = UInt32(truncatingIfNeeded: ecam.read(at: UInt64(slot << 15 + 4 * number), width: 4))
        let mask = Self.changeable(4 * number, isBridge: slot == 0)
        #expect((now ^ first[index][number]) & ~mask == 0, "\(place): slot \(slot), offset \(4 * number)")
      }
    }
    #expect(isResetAsked == (power.pending == .reset), "\(place)")
    let ranges = zip(slots, functions).map { (range(slot: $0), $1) }
    for (range, _) in ranges {
      guard let base = range?.lowerBound else { continue }
      for address in [base &- 1, base, base &+ 0x7FFF, base &+ 0x8000, base ^ 1 << random.next() % 64] {
        let owners = ranges.filter { $0.0?.contains(address) == true }.map(\.1)
        let found = map.target(address, width: 1)?.target
        #expect(owners.isEmpty == (found == nil), "\(place): \(address)")
        #expect(found == nil || owners.contains { $0 === found }, "\(place): \(address)")
        _ = window.read(at: address &- Self.base, width: 4)
      }
    }
    // One doorbell for the queue of each that is somewhere.
    let rung = ranges.compactMap { $0.0.map { $0.lowerBound + 0x3000 } }.sorted()
    #expect(doorbells.addresses.map(\.value).sorted() == rung, "\(place)")
  }

  /// Where a function's memory is by its own registers.
  private func range(slot: Int) -> ClosedRange<UInt64>? {
    let space = UInt64(slot << 15)
    guard ecam.read(at: space + 4, width: 2) & 2 != 0 else { return nil }
    let base =
      (ecam.read(at: space + 0x14, width: 4) & 0xFFFF_FFFF) << 32 | ecam.read(at: space + 0x10, width: 4)
      & 0xFFFF_8000
    return base...(base + 0x7FFF)
  }
}

private struct ConfigurationFuzzer {
  var random: SeededRandom

  mutating func step(_ bus: FuzzedBus) {
    var slot = UInt64(bus.slots.randomElement(using: &random) ?? 0)
    if isRare() { slot = UInt64.random(in: 0..<32, using: &random) }
    let registers: [UInt64] = [0x04, 0x10, 0x14, 0x40, 0xA4, 0xA8, 0xAC, 0xB0]
    let offset = isRare() ? random.next() & 0xFFF : registers.randomElement(using: &random) ?? 0
    let place = slot << 15 | offset &+ random.next() & 3
    switch UInt8.random(in: 0..<8, using: &random) {
    case 0...2: bus.ecam.write(value(), at: place, width: Int.random(in: 1...8, using: &random))
    case 3...5:
      bus.ports.write(1 << 31 | slot << 11 | offset & 0xFC, at: 0, width: 4)
      let start = UInt64.random(in: 4..<8, using: &random)
      bus.ports.write(value(), at: start, width: Int.random(in: 1...4, using: &random))
      // Both ways lead to the same register. Reading the window's data changes things, and an interrupt may come between.
      if offset & 0xFC != 0xB0 {
        let mask: UInt64 = offset & 0xFC == 0x04 ? 0xFFF7_FFFF : 0xFFFF_FFFF
        #expect(
          bus.ports.read(at: 4, width: 4) & mask
            == bus.ecam.read(at: slot << 15 | offset & 0xFC, width: 4) & mask)
      }
    case 6: anywhere(bus)
    default: _ = bus.ecam.read(at: random.next() >> UInt64.random(in: 0..<64, using: &random), width: 8)
    }
  }

  private mutating func anywhere(_ bus: FuzzedBus) {
    let (start, width) = (UInt64.random(in: 0...8, using: &random), Int.random(in: 1...8, using: &random))
    let value = value()
    bus.ports.write(value, at: start, width: width)
    if start == 1, width == 1, value & 4 != 0 { bus.isResetAsked = true }
    _ = bus.ports.read(at: start, width: width)
    bus.ecam.write(value, at: random.next(), width: width)
  }

  private mutating func value() -> UInt64 {
    switch UInt8.random(in: 0..<6, using: &random) {
    case 0: 0
    case 1: .max
    case 2: FuzzedBus.base + (random.next() & 3) << 15
    case 3: UInt64.random(in: 0...7, using: &random)
    case 4: 1 << UInt64.random(in: 0..<64, using: &random)
    default: random.next()
    }
  }

  private mutating func isRare() -> Bool { UInt8.random(in: 0..<6, using: &random) == 0 }
}
