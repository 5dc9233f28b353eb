/// Where devices sit on the PCI bus. A guest finds disks and cards in the order in which they were asked
/// for, and names cards after their slot: so none moves when another device is added.
enum PCISlot {
  // Slot 0 is the host bridge's.
  static let entropy = 1
  static let console = 2

  static func disk(_ index: Int) -> Int { 3 + index }
  static let mostDisks = 21

  static func network(_ index: Int) -> Int { 24 + index }
  static let mostCards = 8
}
