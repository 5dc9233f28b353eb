import Bare
import Virtio

/// What a driver must not do. Each leaves something to be answered in the queue, if `isAnswered`.
struct Trick {
  let name: StaticString
  var isAnswered = true
  let play: (inout Victim) -> Void
}

extension Trick {
  static func ofQueues() -> [Trick] {
    [
      Trick(name: "a chain that runs in circles") { victim in
        victim.queue.write(.toRead(victim.memory, 16), at: 0, next: 1)
        victim.queue.write(.toRead(victim.memory, 16), at: 1, next: 0)
        victim.offer(0)
      },
      Trick(name: "a chain past the table") { victim in
        victim.queue.write(.toRead(victim.memory, 16), at: 0, next: 200)
        victim.offer(0)
      },
      Trick(name: "a head past the table") { $0.offer(0xFFFF) },
      Trick(name: "a count that ran away") { victim in
        victim.queue.available.write16(1000, 2)
        victim.queue.ring()
      },
      Trick(name: "a count that went back") { victim in
        guard victim.isServed() else { Guest.panic("not served") }
        victim.queue.available.write16(0, 2)
        victim.queue.ring()
      },
      Trick(name: "memory that is not there") { $0.offer(address: 0x7FFF_FFFF_F000, length: 512) },
      Trick(name: "memory past the end of all addresses") { $0.offer(address: .max - 100, length: 4096) },
      Trick(name: "memory of 4 GiB") { $0.offer(address: 0, length: .max) },
      Trick(name: "registers for memory") { $0.offer(address: $0.device.memory.address, length: 64) },
      Trick(name: "the queue's own tables for memory") { victim in
        victim.queue.describe(victim.kind.chain(victim.queue.descriptors.advanced(by: 1024)), at: 0)
        victim.offer(0)
      },
      Trick(name: "nothing at all") { $0.offer(address: $0.memory.address, length: 0) },
      Trick(name: "what is read behind what is written") { victim in
        victim.queue.write(.toWrite(victim.memory, 64), at: 0, next: 1)
        victim.queue.write(.toRead(victim.memory, 64), at: 1, next: nil)
        victim.offer(0)
      },
      Trick(name: "a table in the table, not agreed on") { victim in
        victim.queue.write(.toRead(victim.memory, 64), at: 0, next: nil)
        victim.queue.descriptors.write16(4, 12)
        victim.offer(0)
      },
    ]
  }

  static func ofRegisters() -> [Trick] {
    [
      Trick(name: "bells of queues that are not there", isAnswered: false) { victim in
        for offset in stride(from: 0, to: 0x1000, by: 2) { victim.device.notification.write16(.max, offset) }
      },
      Trick(name: "a queue of no power of two, outside memory") { victim in
        let common = victim.device.common
        victim.device.reset()
        victim.device.add(status: VirtioFunction.Status.acknowledge)
        victim.device.add(status: VirtioFunction.Status.driver)
        _ = victim.device.accept(features: VirtioFunction.version1)
        common.write16(victim.kind.queue, 0x16)
        common.write16(7, 0x18)
        for offset in stride(from: 0x20, to: 0x38, by: 4) { common.write32(0xDEAD_BEEF, offset) }
        common.write16(1, 0x1C)
        victim.device.add(status: VirtioFunction.Status.driverOK)
        victim.device.notification.write16(victim.kind.queue)
      },
      Trick(name: "noise in every register, in every width", isAnswered: false) { victim in
        var noise: UInt32 = 0x1234_5678
        for offset in 0..<0x40 {
          for _ in 0..<3 {
            noise = noise &* 1_664_525 &+ 1_013_904_223
            victim.device.common.write8(UInt8(noise >> 24), offset)
            victim.device.common.write16(UInt16(noise >> 16), offset)
            victim.device.common.write32(noise, offset)
            victim.device.common.write64(UInt64(noise) << 32 | UInt64(noise), offset)
          }
        }
        for offset in stride(from: 0, to: 0x8000, by: 1024) { victim.device.memory.write64(.max, offset) }
      },
      Trick(name: "a reset with a request on its way", isAnswered: false) { victim in
        for _ in 0..<20 {
          victim.queue.describe(victim.kind.chain(victim.memory), at: 0)
          victim.offer(0)
          victim = Victim(victim.kind, victim.device, victim.memory)
        }
      },
      Trick(name: "messages to nowhere", isAnswered: false) { victim in
        let function = victim.device.function
        guard let capability = function.capabilities(0x11).first else { return }
        let table = victim.device.memory.advanced(by: Int(function.read(capability + 4) & ~7))
        for entry in 0..<16 {
          for word in 0..<3 { table.write32(0xFFFF_FFF0, 16 * entry + 4 * word) }
          table.write32(0, 16 * entry + 12)
        }
        victim.device.common.write16(0, 0x1A)
        function.write(function.read(capability) | 1 << 31, capability)
        guard victim.isServed() else { Guest.panic("not served") }
        function.write(function.read(capability) & ~(1 << 31), capability)
      },
      Trick(name: "its memory on top of everything else", isAnswered: false) { victim in
        let function = victim.device.function
        for (low, high): (UInt32, UInt32) in [
          (0, 0), (0x10_0000, 0), (0xFEE0_0000, 0), (0xFEC0_0000, 0), (0xE000_0000, 0), (.max, .max),
          (0, 0x8000),
        ] {
          function.write(low, 0x10)
          function.write(high, 0x14)
        }
        _ = function.mapMemory()
      },
      Trick(name: "no memory while it works", isAnswered: false) { victim in
        let function = victim.device.function
        let command = function.read(0x04)
        victim.queue.describe(victim.kind.chain(victim.memory), at: 0)
        victim.offer(0)
        function.write(command & ~0b110, 0x04)
        if victim.device.memory.read32() != .max { Guest.panic("it still answers") }
        function.write(command, 0x04)
      },
      Trick(name: "ones in its whole configuration space", isAnswered: false) { victim in
        let function = victim.device.function
        for offset: UInt32 in stride(from: 0, to: 256, by: 4) { function.write(.max, offset) }
        for offset: UInt32 in stride(from: 0, to: 256, by: 4) { function.write(0, offset) }
        _ = function.mapMemory()
      },
    ]
  }
}

extension Victim {
  /// Offers a chain, and rings.
  mutating func offer(_ head: UInt16) {
    queue.offer(head)
    queue.ring()
  }

  /// Offers a request with some memory of the driver's choice for the device to read, or to write.
  mutating func offer(address: UInt64, length: UInt32) {
    let chosen = Memory(at: address)
    switch kind {
    case .network: queue.describe([.toRead(memory, 12), .toRead(chosen, length)], at: 0)
    case .disk:
      queue.describe(
        [.toRead(memory, 16), .toWrite(chosen, length), .toWrite(memory.advanced(by: 2048), 1)], at: 0)
    case .console: queue.describe([.toRead(chosen, length)], at: 0)
    case .entropy: queue.describe([.toWrite(chosen, length)], at: 0)
    }
    offer(0)
  }
}
