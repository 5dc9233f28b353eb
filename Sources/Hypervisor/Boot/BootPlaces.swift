internal import Devices

/// Where the boot structures of one image are: each in its usual place, or where the image leaves room.
public struct BootPlaces: Hashable, Sendable {
  /// Everything where `Layout` has it.
  public static let usual = BootPlaces()

  /// Those that are elsewhere.
  private var moved: [BootStructure: GuestAddress] = [:]

  private init() {}

  /// - Parameters:
  ///   - commandLineSize: bytes, the NUL among them.
  ///   - taken: what is loaded, in any order.
  /// - Throws: `KernelPlacementError.noRoom`.
  init(
    for entry: BootEntry, commandLineSize: Int, clearOf taken: [GuestRange], in memoryMap: MemoryMap
  ) throws(KernelPlacementError) {
    var taken = taken
    var homeless: [(structure: BootStructure, size: UInt64)] = []
    for structure in entry.structures {
      let size = structure == .commandLine ? UInt64(commandLineSize) : structure.range.size
      let range = GuestRange(base: structure.range.base, size: size)
      if taken.contains(where: range.overlaps) {
        homeless.append((structure, size))
      } else {
        taken.append(range)
      }
    }
    for (structure, size) in homeless {
      taken.sort { $0.base < $1.base }
      guard let range = Self.room(size, structure.alignment, between: taken, in: memoryMap) else {
        throw .noRoom(structure)
      }
      moved[structure] = range.base
      taken.append(range)
    }
  }

  subscript(structure: BootStructure) -> GuestAddress {
    moved[structure] ?? structure.range.base
  }

  /// One past the last byte of the boot stack.
  var stackTop: GuestAddress {
    GuestAddress(self[.stack].value &+ BootStructure.stack.range.size)
  }

  /// The lowest free place past the BIOS data area in RAM that 32 bits reach. `taken` is sorted.
  private static func room(
    _ size: UInt64, _ alignment: UInt64, between taken: [GuestRange], in memoryMap: MemoryMap
  ) -> GuestRange? {
    for ram in memoryMap.lowRAM {
      var candidate = GuestRange(base: max(ram.base, Layout.gdt), size: size)
      for other in taken where candidate.overlaps(other) {
        guard let start = (other.last.value &+ 1).roundedUp(toMultipleOf: alignment) else { return nil }
        candidate = GuestRange(base: GuestAddress(start), size: size)
      }
      if ram.contains(candidate) { return candidate }
    }
    return nil
  }
}
