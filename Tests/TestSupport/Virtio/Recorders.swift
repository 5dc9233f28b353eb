public import Devices
internal import Synchronization
public import SystemPackage

/// A transport that keeps what a device told it.
public final class RecordingDeviceHost: DeviceHost {
  public let memory: GuestMemory
  /// Signalled by each `fail`, and by each `configurationChanged`.
  public let failed: SharedEvent
  public let changed: SharedEvent
  private let contents = Mutex<[QueueFault]>([])

  public init(memory: GuestMemory) throws {
    self.memory = memory
    failed = try SharedEvent()
    changed = try SharedEvent()
  }

  public var faults: [QueueFault] { contents.withLock { $0 } }

  public func configurationChanged() {
    changed.event.signal()
  }

  public func fail(_ fault: QueueFault) {
    contents.withLock { $0.append(fault) }
    failed.event.signal()
  }
}

/// A router that keeps what vectors are connected to. Signals stay in the vectors, to be counted.
public final class RecordingRouter: MessageRouter {
  public enum Change: Hashable, Sendable {
    case connected(UInt32, InterruptMessage)
    case disconnected(UInt32)
  }

  private struct Contents {
    var vectors: [MessageVector] = []
    var connections: [UInt32: InterruptMessage] = [:]
    var changes: [Change] = []
  }

  private let contents = Mutex(Contents())
  private let capacity: Int

  public init(capacity: Int = 4096) {
    self.capacity = capacity
  }

  public var vectors: [MessageVector] { contents.withLock { $0.vectors } }
  /// By vector number.
  public var connections: [UInt32: InterruptMessage] { contents.withLock { $0.connections } }
  public var changes: [Change] { contents.withLock { $0.changes } }

  public func makeVector() throws(Errno) -> MessageVector {
    let number = contents.withLock { $0.vectors.count }
    guard number < capacity else { throw .noSpace }
    let vector = try MessageVector(number: UInt32(number))
    contents.withLock { $0.vectors.append(vector) }
    return vector
  }

  public func connect(_ vector: MessageVector, to message: InterruptMessage) {
    contents.withLock { contents in
      contents.connections[vector.number] = message
      contents.changes.append(.connected(vector.number, message))
    }
  }

  public func disconnect(_ vector: MessageVector) {
    contents.withLock { contents in
      contents.connections[vector.number] = nil
      contents.changes.append(.disconnected(vector.number))
    }
  }
}

/// A registry that keeps which doorbell is at which address, and rings it as the kernel would.
public final class RecordingDoorbells: DoorbellRegistry {
  private struct Contents {
    var connections: [(address: GuestAddress, doorbell: SharedEvent)] = []
    var mistakes = 0
  }

  private let contents = Mutex(Contents())

  public init() {}

  /// Where doorbells are, in the order in which they were connected.
  public var addresses: [GuestAddress] { contents.withLock { $0.connections.map(\.address) } }

  /// Disconnections of what was not connected, and connections of what was.
  public var mistakes: Int { contents.withLock { $0.mistakes } }

  /// A guest's write to `address`: whether it rang.
  @discardableResult
  public func ring(_ address: GuestAddress) -> Bool {
    let doorbell = contents.withLock { contents in
      contents.connections.first { $0.address == address }?.doorbell
    }
    doorbell?.event.signal()
    return doorbell != nil
  }

  public func connect(_ doorbell: SharedEvent, at address: GuestAddress) {
    contents.withLock { contents in
      if contents.connections.contains(where: { $0.address == address }) { contents.mistakes += 1 }
      contents.connections.append((address, doorbell))
    }
  }

  public func disconnect(_ doorbell: SharedEvent, at address: GuestAddress) {
    contents.withLock { contents in
      let place = contents.connections.firstIndex { $0.address == address && $0.doorbell === doorbell }
      if let place { contents.connections.remove(at: place) } else { contents.mistakes += 1 }
    }
  }
}
