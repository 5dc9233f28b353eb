/// Where devices sit on the PCI bus. A guest names network cards after their slot, so none moves
/// when a device of another kind is added.
enum PCISlot {
  // Slot 0 is the host bridge's.
  static let entropy = 1
  static let console = 2

  /// Disks fill the bus from below.
  static func disk(_ index: Int) -> Int { 3 + index }

  /// Network cards fill it from above.
  static func network(_ index: Int) -> Int { 31 - index }

  /// Disks and network cards there is room for.
  static let shared = 29
}
