internal import Synchronization

/// Who answers in the memory behind a base address register.
public protocol BaseAddressTarget: AnyObject, Sendable {
  /// Reads `width` bytes (1 to 8) at `offset` from the register's base.
  func readMemory(at offset: UInt64, width: Int) -> UInt64
  func writeMemory(_ value: UInt64, at offset: UInt64, width: Int)
}

/// Where the guest has put the functions' memory. Windows on the bus look into it, so that the bus
/// itself never changes.
public final class BaseAddressMap: Sendable {
  private struct Mapping {
    let range: GuestRange
    let target: any BaseAddressTarget
  }

  private let mappings = Mutex<[Mapping]>([])

  public init() {}

  /// Puts `target` at `range`, or nowhere, instead of where it was. Where the guest lays two over one
  /// another, the one that came first answers.
  public func place(_ target: any BaseAddressTarget, at range: GuestRange?) {
    mappings.withLock { mappings in
      mappings.removeAll { $0.target === target }
      if let range { mappings.append(Mapping(range: range, target: target)) }
    }
  }

  /// Forgets every target, and with it the references.
  public func removeAll() {
    mappings.withLock { $0 = [] }
  }

  func target(_ address: UInt64, width: Int) -> (target: any BaseAddressTarget, offset: UInt64)? {
    mappings.withLock { mappings in
      for mapping in mappings where mapping.range.base.value <= address {
        let offset = address &- mapping.range.base.value
        let size = mapping.range.size
        if offset < size, UInt64(truncatingIfNeeded: width) <= size &- offset {
          return (mapping.target, offset)
        }
      }
      return nil
    }
  }
}

/// A window of the memory bus in which functions' memory can be placed.
public final class MemoryWindow: BusDevice {
  private let map: BaseAddressMap
  private let base: UInt64

  public init(_ map: BaseAddressMap, base: GuestAddress) {
    self.map = map
    self.base = base.value
  }

  public func read(at offset: UInt64, width: Int) -> UInt64 {
    guard let (target, offset) = map.target(base &+ offset, width: width) else { return UInt64.max }
    return target.readMemory(at: offset, width: width)
  }

  public func write(_ value: UInt64, at offset: UInt64, width: Int) {
    guard let (target, offset) = map.target(base &+ offset, width: width) else { return }
    target.writeMemory(value, at: offset, width: width)
  }
}
