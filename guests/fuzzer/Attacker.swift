import Bare
import Virtio

/// One processor's attack: steps, each nearly what a driver does, to devices which the other attacks too.
struct Attacker {
  private var random: Random
  private let targets: [Target]
  private let usesPorts: Bool
  private(set) var starts = 0
  private(set) var answers = 0
  private(set) var failures = 0

  /// - Parameter usesPorts: whether configuration space is written by ports, else as memory.
  init(seed: UInt64, _ targets: [Target], usesPorts: Bool) {
    random = Random(seed: seed)
    self.targets = targets
    self.usesPorts = usesPorts
  }

  mutating func step() {
    let target = targets[Int(random.below(UInt64(targets.count)))]
    let queue = Int(random.below(UInt64(Target.queueCount)))
    switch random.below(128) {
    case 0..<63: offer(target, queue)
    case 63..<66: describe(target, queue, UInt16(random.below(16)))
    case 66: target.table(queue, 1).write16(number(), 2)
    case 67: target.table(queue, 1).write16(UInt16(random.below(2)), 0)
    // Where the event indices lie in rings of 8.
    case 68: target.table(queue, 1).write16(number(), 4 + 2 * 8)
    case 69..<76: target.ring(Int(random.below(8)))
    case 76..<92: restart(target)
    case 92: target.device.common.write8(0, 0x14)
    case 93, 94: resetQueue(target, queue)
    case 95..<101: register(target)
    case 101, 102: move(target)
    case 103..<110: _ = target.device.function.mapMemory()
    case 110: configure(target, 0x04, random.next() & 0xFFFF)
    case 111..<117: message(target)
    case 117..<119: configure(target, target.messages, random.next() & 0xC000_0000)
    case 119: configure(target, 4 * UInt32(random.below(usesPorts ? 64 : 1024)), random.next())
    case 120, 121: lookThroughWindow(target)
    case 122:
      target.device.configuration.write32(UInt32(truncatingIfNeeded: random.next()), Int(random.below(64)))
    case 123: target.device.memory.write64(random.next(), Int(random.below(0x8000)))
    default: _ = target.device.memory.read32(Int(random.below(0x8000)))
    }
  }

  private mutating func number() -> UInt16 { UInt16(truncatingIfNeeded: random.next()) }

  // MARK: Chains

  /// A request as the device would like it, or nearly.
  private mutating func offer(_ target: Target, _ queue: Int) {
    let head = UInt16(3 * random.below(2))
    let data = random.bufferAddress()
    switch target.kind {
    case .disk:
      let kinds: UInt64 = 0x0D0B_0804_0100_0100
      let kind = kinds >> (8 * random.below(8)) & 0xFF
      let header = Memory(at: Places.data).advanced(by: 16 * Int(random.below(64)))
      header.write64(kind)
      header.write64(random.isRare(32) ? random.next() : random.below(2100), 8)
      write(target, queue, head, header.address, 16, flags: 1)
      write(target, queue, head + 1, data, random.bufferLength(), flags: kind == 0 || kind == 8 ? 3 : 1)
      write(target, queue, head + 2, Places.data + 2048 + random.below(2048), 1, flags: 2)
    case .network, .console:
      write(target, queue, head, data, random.bufferLength(), flags: queue & 1 == 0 ? 2 : 0)
    case .entropy:
      write(target, queue, head, data, random.bufferLength(), flags: 2)
    }
    if random.isRare(48) { describe(target, queue, head + UInt16(random.below(3))) }
    let available = target.table(queue, 1)
    let count = available.read16(2)
    available.write16(random.isRare(500) ? number() : head, 4 + 2 * Int(count & 7))
    available.write16(count &+ 1, 2)
    target.ring(queue)
  }

  /// Any descriptor: loops, tables in the table, past its end.
  private mutating func describe(_ target: Target, _ queue: Int, _ index: UInt16) {
    if random.isRare(4) {
      let count = UInt32(random.below(9))
      let table = target.table(queue, 3)
      for entry in 0..<Int(count) {
        table.write64(random.bufferAddress(), 16 * entry)
        table.write32(random.bufferLength(), 16 * entry + 8)
        table.write32(UInt32(random.below(4)) | UInt32(random.below(9)) << 16, 16 * entry + 12)
      }
      write(target, queue, index, table.address, random.isRare(8) ? 7 : 16 * count, flags: 4)
    } else {
      write(
        target, queue, index, random.bufferAddress(), random.bufferLength(), flags: UInt16(random.below(8)))
    }
    let next = random.isRare(4) ? number() : UInt16(random.below(8))
    target.table(queue, 0).write16(next, 16 * Int(index) + 14)
  }

  private func write(
    _ target: Target, _ queue: Int, _ index: UInt16, _ address: UInt64, _ length: UInt32, flags: UInt16
  ) {
    let entry = target.table(queue, 0).advanced(by: 16 * Int(index))
    entry.write64(address)
    entry.write32(length, 8)
    entry.write32(UInt32(flags) | UInt32(index + 1) << 16, 12)
  }

  // MARK: States

  /// What a driver does first, where the device waits for it.
  private mutating func restart(_ target: Target) {
    let common = target.device.common
    let status = common.read8(0x14)
    if status & 0x40 != 0 { failures += 1 }
    guard status & 0x40 != 0 || status & 4 == 0 || random.isRare(16) else { return }
    common.write8(0, 0x14)
    // It has no time for a device that is not through with its reset.
    for _ in 0..<20 where common.read8(0x14) != 0 {}
    answers += target.answers
    starts += 1
    common.write8(3, 0x14)
    let (low, high) = (random.next() | random.next(), random.next() & 0x1F | 1)
    common.write32(0, 0x00)
    common.write32(0, 0x08)
    common.write32(common.read32(0x04) & UInt32(truncatingIfNeeded: low), 0x0C)
    common.write32(1, 0x00)
    common.write32(1, 0x08)
    common.write32(common.read32(0x04) & UInt32(truncatingIfNeeded: high), 0x0C)
    common.write8(11, 0x14)
    for queue in 0..<Target.queueCount { enable(target, queue) }
    common.write8(15, 0x14)
  }

  private mutating func enable(_ target: Target, _ queue: Int) {
    for ring in 1...2 { target.table(queue, ring).write32(0) }
    let common = target.device.common
    common.write16(UInt16(queue), 0x16)
    common.write16(random.isRare(64) ? number() : 8, 0x18)
    for ring in 0..<3 {
      var address = target.table(queue, ring).address
      if random.isRare(64) {
        switch random.below(ring == 0 ? 2 : 4) {
        case 0: address = random.wildAddress()
        case 1: address = Places.endOfRAM - random.below(256)
        case 2: address = Places.data + random.below(0x1_0000)
        // Over the descriptors, but so that no index gets into the address of one.
        default: address = target.table(queue, 0).address + 16 * random.below(8) + (ring == 1 ? 2 : 4)
        }
      }
      common.write32(UInt32(truncatingIfNeeded: address), 0x20 + 8 * ring)
      common.write32(UInt32(address >> 32), 0x24 + 8 * ring)
    }
    common.write16(UInt16(random.below(6)), 0x1A)
    common.write16(1, 0x1C)
  }

  /// A queue's own reset, and perhaps its start before that has ended.
  private mutating func resetQueue(_ target: Target, _ queue: Int) {
    target.device.common.write16(UInt16(queue), 0x16)
    if !random.isRare(4) { target.device.common.write16(1, 0x3A) }
    if !random.isRare(4) { enable(target, queue) }
  }

  private mutating func register(_ target: Target) {
    // Ring addresses are written by `enable` alone: any other could lead to the program.
    let offset = random.isRare(4) ? 0x38 + Int(random.below(8)) : Int(random.below(0x20))
    switch random.below(4) {
    case 0: target.device.common.write8(UInt8(truncatingIfNeeded: random.next()), offset)
    case 1: target.device.common.write16(number(), offset)
    case 2: target.device.common.write32(UInt32(truncatingIfNeeded: random.next()), offset)
    default: target.device.common.write16(UInt16(random.below(6)), offset & ~1)
    }
  }

  // MARK: Configuration space

  private func configure(_ target: Target, _ offset: UInt32, _ value: UInt64) {
    let value = UInt32(truncatingIfNeeded: value)
    if usesPorts {
      target.device.function.write(value, offset)
    } else {
      target.ecam.write32(value, Int(offset))
    }
  }

  private mutating func move(_ target: Target) {
    let address = random.baseAddress()
    configure(target, 0x10, address)
    configure(target, 0x14, address >> 32)
  }

  /// A message to anywhere, for any vector, but none that resets a processor.
  private mutating func message(_ target: Target) {
    let entry = target.messageTable.advanced(by: 16 * Int(random.below(6)))
    entry.write64(random.isRare(2) ? 0xFEE0_0000 | random.next() & 0xF_F00C : random.next())
    entry.write32(UInt32(random.next() & 0xC1FF), 8)
    entry.write32(UInt32(random.below(4) / 3), 12)
  }

  private mutating func lookThroughWindow(_ target: Target) {
    configure(target, target.window + 4, random.isRare(8) ? random.next() : 0)
    configure(target, target.window + 8, random.isRare(8) ? random.next() : random.below(0x20))
    configure(target, target.window + 12, random.isRare(8) ? random.next() : 1 << random.below(3))
    configure(target, target.window + 16, random.next())
  }
}
