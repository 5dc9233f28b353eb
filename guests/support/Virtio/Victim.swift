public import Bare

/// A device that is to be mistreated, and what it would properly be asked for.
public enum Kind: UInt16, CaseIterable {
  case network = 1
  case disk = 2
  case console = 3
  case entropy = 4

  public var name: StaticString {
    switch self {
    case .network: "network card"
    case .disk: "disk"
    case .console: "console"
    case .entropy: "entropy device"
    }
  }

  /// The queue that takes requests.
  public var queue: UInt16 { self == .network || self == .console ? 1 : 0 }

  /// A request that any such device serves.
  public func chain(_ memory: Memory) -> [VirtQueue.Buffer] {
    switch self {
    case .network: [.toRead(memory, 12 + 60)]
    case .disk:
      [.toRead(memory, 16), .toWrite(memory.advanced(by: 512), 512), .toWrite(memory.advanced(by: 2048), 1)]
    case .console: [.toRead(memory, 16)]
    case .entropy: [.toWrite(memory, 64)]
    }
  }
}

/// The device with one queue of eight entries, in working order.
public struct Victim: ~Copyable {
  public static let queueSize: UInt16 = 8

  public let kind: Kind
  public let device: VirtioFunction
  /// For requests: zeroed but for what a device wrote, so that a disk is asked for its first sector.
  public let memory: Memory
  public var queue: VirtQueue

  public init(_ kind: Kind, _ device: VirtioFunction, _ memory: Memory) {
    self.kind = kind
    self.device = device
    self.memory = memory
    device.reset()
    device.add(status: VirtioFunction.Status.acknowledge)
    device.add(status: VirtioFunction.Status.driver)
    guard device.accept(features: VirtioFunction.version1) else { Guest.panic("features refused") }
    queue = device.makeQueue(kind.queue, size: Self.queueSize)
    device.add(status: VirtioFunction.Status.driverOK)
  }

  public enum Answer {
    /// A chain came back.
    case returned(VirtQueue.Used)
    /// The device gave up until it is reset.
    case needsReset

    public var name: StaticString {
      switch self {
      case .returned: "answered"
      case .needsReset: "needs a reset"
      }
    }
  }

  /// Waits for one of the two.
  public mutating func answer() -> Answer {
    while true {
      if let used = queue.take() { return .returned(used) }
      if device.status & VirtioFunction.Status.needsReset != 0 { return .needsReset }
    }
  }

  /// Asks for something that there is.
  public mutating func isServed() -> Bool {
    for offset in 0..<512 { memory.write64(0, 8 * offset) }
    memory.write8(0xFF, 2048)
    queue.describe(kind.chain(memory), at: 0)
    queue.offer(0)
    queue.ring()
    guard case .returned(let used) = answer(), used.head == 0 else { return false }
    switch kind {
    case .network, .console: return true
    case .disk: return memory.read8(2048) == 0 && used.written == 513
    case .entropy: return used.written == 64
    }
  }
}
