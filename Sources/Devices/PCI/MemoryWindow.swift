internal import Synchronization

/// Who answers in the memory behind a base address register.
public protocol BaseAddressTarget: AnyObject, Sendable {
  /// For people: traces and statistics.
  var name: String { get }
  /// What is at `offset` from the register's base, for people; nil: nothing that has a name.
  static func registerName(at offset: UInt64) -> String?
  /// Reads `width` bytes (1 to 8) at `offset` from the register's base.
  func readMemory(at offset: UInt64, width: Int) -> UInt64
  func writeMemory(_ value: UInt64, at offset: UInt64, width: Int)
}

extension BaseAddressTarget {
  public var name: String { "PCI function" }
  public static func registerName(at offset: UInt64) -> String? { nil }
}

/// Where the guest has put the functions' memory. Windows on the bus look into it, so that the bus
/// itself never changes.
public final class BaseAddressMap: Sendable {
  private struct Mapping {
    let range: GuestRange
    let target: any BaseAddressTarget
  }

  /// Where a target was last, as people know it. It holds no target: those go while others still look back.
  private struct Place {
    let target: ObjectIdentifier
    let range: GuestRange
    let name: String
    let type: any BaseAddressTarget.Type
  }

  private let mappings = Mutex<[Mapping]>([])
  private let places = Mutex<[Place]>([])

  public init() {}

  /// Puts `target` at `range`, or nowhere, instead of where it was. Where the guest lays two over one
  /// another, the one that came first answers.
  public func place(_ target: any BaseAddressTarget, at range: GuestRange?) {
    mappings.withLock { mappings in
      mappings.removeAll { $0.target === target }
      if let range { mappings.append(Mapping(range: range, target: target)) }
    }
    guard let range else { return }
    places.withLock { places in
      let identity = ObjectIdentifier(target)
      places.removeAll { $0.target == identity || $0.range == range }
      places.append(Place(target: identity, range: range, name: target.name, type: type(of: target)))
    }
  }

  /// Forgets every target, and with it the references.
  public func removeAll() {
    mappings.withLock { $0 = [] }
  }

  /// What an address in a window is, or last was, for people.
  public func meaning(of address: UInt64) -> (device: String, register: String?)? {
    places.withLock { places in
      let place = places.first { $0.range.base.value <= address && address <= $0.range.last.value }
      return place.map { ($0.name, $0.type.registerName(at: address &- $0.range.base.value)) }
    }
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
