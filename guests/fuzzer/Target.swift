import Bare
import Virtio

/// A device under attack. Nothing here takes memory from the heap, which is not made for two processors.
struct Target {
  static let queueCount = 4

  let kind: Kind
  let device: VirtioFunction
  /// Four tables for each queue, a page each: descriptors, available ring, used ring, indirect descriptors.
  let tables: Memory
  /// Where the MSI-X capability, and the one with the window into the registers, lie in configuration space.
  let messages: UInt32
  let window: UInt32
  let messageTable: Memory

  init?(_ function: PCIFunction, number: Int) {
    guard let kind = Kind(rawValue: UInt16(truncatingIfNeeded: function.read(0) >> 16) &- 0x1040),
      let messages = function.capabilities(0x11).first,
      let window = function.capabilities(0x09).first(where: { function.read($0) >> 24 == 5 })
    else { return nil }
    self.kind = kind
    device = VirtioFunction(function)
    tables = Memory(at: Places.tables).advanced(by: number * Target.queueCount * 4 * Page.size)
    self.messages = messages
    self.window = window
    messageTable = device.memory.advanced(by: Int(function.read(messages + 4) & ~7))
  }

  func table(_ queue: Int, _ number: Int) -> Memory { tables.advanced(by: (queue * 4 + number) * Page.size) }

  /// Its configuration space as memory.
  var ecam: Memory { Memory(at: 0xE000_0000 + UInt64(device.function.device) << 15) }

  func ring(_ queue: Int) {
    device.notification.write16(
      UInt16(truncatingIfNeeded: queue), queue * Int(device.notificationMultiplier))
  }

  /// As a driver finds it: at its place, without messages, in no state.
  func bringBack() {
    _ = device.function.mapMemory()
    device.function.write(0, messages)
    device.reset()
  }

  /// Chains that came back since the last start.
  var answers: Int { (0..<Target.queueCount).reduce(0) { $0 + Int(table($1, 2).read16(2)) } }
}
