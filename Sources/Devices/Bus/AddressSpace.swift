public import Synchronization

/// Two devices claim the same addresses.
public struct AddressConflict: Error, Hashable, Sendable {
  public let device: String
  public let other: String
}

/// The windows of a bus while a machine is being put together.
public struct AddressSpaceBuilder {
  struct Window {
    let name: String
    let range: GuestRange
    let port: BusPort
  }

  private(set) var windows: [Window] = []

  public init() {}

  /// Gives `size` addresses from `base` to `device`. `name` is for people: errors and statistics.
  public mutating func map<Device: BusDevice>(
    _ device: Device, name: String, base: UInt64, size: UInt64
  ) throws(AddressConflict) {
    let range = GuestRange(base: GuestAddress(base), size: size)
    if let other = windows.first(where: { $0.range.overlaps(range) }) {
      throw AddressConflict(device: name, other: other.name)
    }
    windows.append(Window(name: name, range: range, port: DevicePort(device)))
  }

  /// The finished bus.
  public consuming func seal() -> AddressSpace {
    AddressSpace(windows.sorted { $0.range.base < $1.range.base })
  }
}

/// A bus, sealed: which device answers which address. One for ports, one for memory.
///
/// A look-up is a binary search in an immutable table. It takes no lock and counts no reference.
/// An access that no window holds whole reads as all ones or vanishes, and is counted.
@safe
public final class AddressSpace: Sendable {
  @safe @usableFromInline
  struct Slot {
    @usableFromInline let base: UInt64
    @usableFromInline let last: UInt64
    @usableFromInline let port: Unmanaged<BusPort>

    init(_ window: AddressSpaceBuilder.Window) {
      base = window.range.base.value
      last = window.range.last.value
      // Balanced by the release in AddressSpace.deinit.
      unsafe port = Unmanaged.passRetained(window.port)
    }
  }

  // Filled in init, never written again, freed in deinit.
  @usableFromInline nonisolated(unsafe) let slots: UnsafeMutablePointer<Slot>
  @usableFromInline let count: Int

  /// Accesses that no device claimed.
  public let unclaimed = Atomic<UInt64>(0)

  /// The windows by name, sorted by address.
  public let windows: [(name: String, range: GuestRange)]

  init(_ sorted: [AddressSpaceBuilder.Window]) {
    windows = sorted.map { ($0.name, $0.range) }
    count = sorted.count
    unsafe slots = .allocate(capacity: max(count, 1))
    for (index, window) in sorted.enumerated() {
      unsafe (slots + index).initialize(to: Slot(window))
    }
  }

  deinit {
    for index in 0..<count { unsafe slots[index].port.release() }
    unsafe slots.deinitialize(count: count)
    unsafe slots.deallocate()
  }

  /// The slot that holds all of `width` bytes at `address`.
  @inlinable
  func slot(at address: UInt64, width: Int) -> UnsafeMutablePointer<Slot>? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low &+ high) &>> 1
      // 0 <= middle < count.
      if unsafe slots[middle].last < address { low = middle &+ 1 } else { high = middle }
    }
    guard low < count else { return nil }
    // low < count by the line above.
    let slot = unsafe slots + low
    guard unsafe slot.pointee.base <= address,
      unsafe slot.pointee.last &- address >= UInt64(truncatingIfNeeded: width &- 1)
    else { return nil }
    return unsafe slot
  }

  /// Reads `width` bytes (1 to 8) at `address`; all ones where nothing answers.
  @inlinable
  public func read(_ address: UInt64, width: Int) -> UInt64 {
    guard let slot = unsafe slot(at: address, width: width) else {
      unclaimed.wrappingAdd(1, ordering: .relaxed)
      return UInt64.max
    }
    // The table keeps its devices alive as long as itself.
    return unsafe slot.pointee.port._withUnsafeGuaranteedRef {
      $0.read(at: address &- (unsafe slot.pointee.base), width: width)
    }
  }

  /// Writes the low `width` bytes (1 to 8) of `value` at `address`; vanishes where nothing answers.
  @inlinable
  public func write(_ value: UInt64, to address: UInt64, width: Int) {
    guard let slot = unsafe slot(at: address, width: width) else {
      unclaimed.wrappingAdd(1, ordering: .relaxed)
      return
    }
    // The table keeps its devices alive as long as itself.
    unsafe slot.pointee.port._withUnsafeGuaranteedRef {
      $0.write(value, at: address &- (unsafe slot.pointee.base), width: width)
    }
  }
}
