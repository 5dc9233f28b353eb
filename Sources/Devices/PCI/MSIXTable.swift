internal import Synchronization
public import SystemPackage

/// The MSI-X table and pending bit array of a function (PCI Local Bus 3.0 section 6.8.2).
///
/// A vector is connected while the function's MSI-X is on and neither the function nor the vector is
/// masked. What is signalled meanwhile waits in the vector, and its pending bit shows it.
public final class MSIXTable: Sendable {
  public static let entrySize = 16

  struct Entry: Hashable, Sendable, Codable {
    var message = InterruptMessage(address: 0, data: 0)
    /// The vector control register, of which bit 0 masks.
    var control: UInt32 = 1

    var isMasked: Bool { control & 1 != 0 }
  }

  private struct Contents {
    var entries: [Entry]
    var isEnabled = false
    var isFunctionMasked = false
    /// What each vector is connected to now.
    var connections: [InterruptMessage?]
  }

  public let vectors: [MessageVector]
  private let router: any MessageRouter
  private let contents: Mutex<Contents>

  /// - Parameter count: 1 to 2048 vectors.
  public init(count: Int, router: any MessageRouter) throws(Errno) {
    var vectors: [MessageVector] = []
    for _ in 0..<count { vectors.append(try router.makeVector()) }
    self.vectors = vectors
    self.router = router
    contents = Mutex(
      Contents(
        entries: Array(repeating: Entry(), count: count),
        connections: Array(repeating: nil, count: count)))
  }

  /// The message control register's two writable bits changed.
  public func setControl(isEnabled: Bool, isFunctionMasked: Bool) {
    contents.withLock { contents in
      contents.isEnabled = isEnabled
      contents.isFunctionMasked = isFunctionMasked
      for index in contents.entries.indices { settle(index, &contents) }
    }
  }

  /// Takes the signals that wait in vectors which are not connected; whether there were any.
  func takeWaiting() -> Bool {
    contents.withLock { contents in
      var isAny = false
      for (vector, connection) in zip(vectors, contents.connections) where connection == nil {
        if vector.isPending, vector.event.take() > 0 { isAny = true }
      }
      return isAny
    }
  }

  // MARK: The table

  /// Reads a doubleword or quadword, naturally aligned; other accesses read as ones.
  public func read(at offset: Int, width: Int) -> UInt64 {
    guard let index = index(offset, width) else { return UInt64.max }
    let entry = contents.withLock { $0.entries[index] }
    return image(entry, quadword: offset & 8 != 0) &>> UInt64(8 &* (offset & 7))
  }

  /// Writes a doubleword or quadword, naturally aligned; other accesses vanish.
  public func write(_ value: UInt64, at offset: Int, width: Int) {
    guard let index = index(offset, width) else { return }
    contents.withLock { contents in
      let shift = UInt64(8 &* (offset & 7))
      let mask = (width == 8 ? UInt64.max : 0xFFFF_FFFF) &<< shift
      let old = image(contents.entries[index], quadword: offset & 8 != 0)
      let new = old & ~mask | value &<< shift & mask
      if offset & 8 == 0 {
        contents.entries[index].message.address = new
      } else {
        contents.entries[index].message.data = UInt32(truncatingIfNeeded: new)
        contents.entries[index].control = UInt32(truncatingIfNeeded: new &>> 32) & 1
      }
      settle(index, &contents)
    }
  }

  private func index(_ offset: Int, _ width: Int) -> Int? {
    guard width == 4 || width == 8, offset >= 0, offset % width == 0 else { return nil }
    let index = offset / Self.entrySize
    return index < vectors.count ? index : nil
  }

  private func image(_ entry: Entry, quadword isUpper: Bool) -> UInt64 {
    isUpper ? UInt64(entry.message.data) | UInt64(entry.control) << 32 : entry.message.address
  }

  /// Connects or disconnects a vector as its registers say.
  private func settle(_ index: Int, _ contents: inout Contents) {
    let entry = contents.entries[index]
    let isOpen = contents.isEnabled && !contents.isFunctionMasked && !entry.isMasked
    let wanted = isOpen ? entry.message : nil
    guard wanted != contents.connections[index] else { return }
    contents.connections[index] = wanted
    if let wanted {
      router.connect(vectors[index], to: wanted)
    } else {
      router.disconnect(vectors[index])
    }
  }

  // MARK: State

  /// What a snapshot keeps beside the message control register.
  public struct State: Codable, Hashable, Sendable {
    var entries: [Entry]
    /// Which vectors hold a signal back.
    var pending: [Bool]
  }

  var state: State {
    contents.withLock { contents in
      State(
        entries: contents.entries,
        pending: vectors.indices.map { contents.connections[$0] == nil && vectors[$0].isPending })
    }
  }

  /// Takes up `state`, which has as many entries.
  func restore(_ state: State, _ control: (isEnabled: Bool, isFunctionMasked: Bool)) {
    contents.withLock { contents in
      contents.isEnabled = control.isEnabled
      contents.isFunctionMasked = control.isFunctionMasked
      for (index, entry) in state.entries.enumerated() where contents.entries.indices.contains(index) {
        contents.entries[index].message = entry.message
        contents.entries[index].control = entry.control & 1
        settle(index, &contents)
      }
    }
    for (vector, isPending) in zip(vectors, state.pending) where isPending { vector.signal() }
  }

  // MARK: The pending bits

  /// Reads `width` bytes of the pending bit array: a bit a vector, zeros past them.
  public func readPending(at offset: Int, width: Int) -> UInt64 {
    guard offset >= 0 else { return UInt64.max }
    let connections = contents.withLock { $0.connections }
    var value: UInt64 = 0
    for bit in 0..<8 &* width {
      let index = 8 &* offset &+ bit
      guard index < vectors.count else { break }
      if connections[index] == nil, vectors[index].isPending { value |= 1 &<< UInt64(bit) }
    }
    return value
  }
}
