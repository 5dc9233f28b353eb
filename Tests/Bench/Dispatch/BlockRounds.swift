internal import Devices
internal import SystemPackage

/// What a read of 4 KiB takes from a disk's worker and the kernel together, 32 at a time: a driver that
/// answers at once, and no guest.
final class BlockRounds: DeviceHost {
  let memory: GuestMemory
  private let doorbell: SharedEvent
  private let interrupt: MessageVector
  private let device: BlockDevice
  private let thread: IOThread
  private let layout = Layout()

  private struct Layout {
    let descriptors: UInt64 = 0x1000
    let available: UInt64 = 0x4000
    let used: UInt64 = 0x5000
    let headers: UInt64 = 0x8000
    let data: UInt64 = 0x10_0000
  }

  static let depth: UInt16 = 32

  init(_ disk: any Disk) throws {
    memory = try GuestMemory([GuestRange(base: 0, size: 4 << 20)])
    doorbell = try SharedEvent()
    interrupt = try MessageVector(number: 0)
    thread = try IOThread(name: "io")
    device = try BlockDevice(disk, identity: "bench", threads: [thread], monitor: try DiskMonitor())
    for index in 0..<UInt64(Self.depth) { try describe(index) }
    for slot in UInt64(0)..<256 {
      try memory.write(
        UInt16(slot % UInt64(Self.depth) * 3), at: GuestAddress(layout.available + 4 + 2 * slot))
    }
    activate()
  }

  /// A read of a page, in three descriptors: header, data, status.
  private func describe(_ index: UInt64) throws {
    try memory.write(UInt32(0), at: GuestAddress(layout.headers + 32 * index))
    try memory.write(8 * index, at: GuestAddress(layout.headers + 32 * index + 8))
    let parts: [(UInt64, UInt32, UInt16)] = [
      (layout.headers + 32 * index, 16, 1), (layout.data + 4096 * index, 4096, 3),
      (layout.headers + 32 * index + 16, 1, 2),
    ]
    for (part, (address, length, flags)) in parts.enumerated() {
      let number = 3 * index + UInt64(part)
      let place = layout.descriptors + 16 * number
      try memory.write(address, at: GuestAddress(place))
      try memory.write(length, at: GuestAddress(place + 8))
      try memory.write(flags, at: GuestAddress(place + 12))
      try memory.write(UInt16(number + 1), at: GuestAddress(place + 14))
    }
  }

  private func activate() {
    var queue = QueueConfiguration(maximumSize: 256)
    queue.descriptorTable = layout.descriptors
    queue.availableRing = layout.available
    queue.usedRing = layout.used
    device.activate(
      [.version1, .eventIndex],
      queues: [
        QueueAssignment(
          index: 0, configuration: queue, doorbell: doorbell, interrupt: QueueInterrupt(message: interrupt))
      ], host: self)
  }

  /// Offers 32 requests and waits for them, `rounds` times.
  func run(_ rounds: Int) throws {
    var offered = try memory.read(UInt16.self, at: GuestAddress(layout.available + 2))
    for _ in 0..<rounds {
      offered &+= Self.depth
      // To be notified of the last one only.
      try memory.write(offered &- 1, at: GuestAddress(layout.available + 4 + 512))
      try memory.write(offered, at: GuestAddress(layout.available + 2))
      doorbell.event.signal()
      while try memory.read(UInt16.self, at: GuestAddress(layout.used + 2)) != offered {}
    }
  }

  func configurationChanged() {}
  func fail(_ fault: QueueFault) { fatalError("\(fault)") }
}
