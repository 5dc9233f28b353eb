public import Devices

/// What the guest's physical address space holds, as firmware tells it (e820, ACPI 6.5 section 15).
public struct MemoryMap: Hashable, Sendable {
  /// Type numbers of an e820 entry; PVH uses the same.
  public enum Kind: UInt32, Sendable {
    case ram = 1
    case reserved = 2
  }

  public struct Entry: Hashable, Sendable {
    public let range: GuestRange
    public let kind: Kind
  }

  /// RAM as it is mapped, legacy holes included: one range, or two when it passes the PCI hole.
  public let ram: [GuestRange]

  /// Sorted, without overlap.
  public let entries: [Entry]

  /// - Parameter size: bytes of RAM, a multiple of 4096 and at least 1 MiB.
  public init(ramSize size: UInt64) {
    let low = min(size, Layout.pciHole.value)
    var ram = [GuestRange(base: 0, size: low)]
    if size > low {
      ram.append(GuestRange(base: Layout.above4GiB, size: size - low))
    }
    self.ram = ram

    func entry(from start: GuestAddress, to end: GuestAddress, _ kind: Kind) -> Entry {
      Entry(range: GuestRange(base: start, size: end.value - start.value), kind: kind)
    }
    var entries = [
      entry(from: 0, to: Layout.ebda, .ram),
      entry(from: Layout.ebda, to: Layout.legacyVideo, .reserved),
      entry(from: Layout.acpiTables, to: Layout.highMemory, .reserved),
    ]
    if low > Layout.highMemory.value {
      entries.append(entry(from: Layout.highMemory, to: GuestAddress(low), .ram))
    }
    entries.append(Entry(range: Layout.ecam, kind: .reserved))
    entries += ram.dropFirst().map { Entry(range: $0, kind: .ram) }
    self.entries = entries
  }

  /// The first address past RAM, and past 4 GiB.
  public var endOfHighMemory: GuestAddress {
    ram.count > 1 ? GuestAddress(ram[1].last.value + 1) : Layout.above4GiB
  }

  /// Where BARs above 4 GiB go: from the first whole GiB past RAM, 256 GiB or what the guest's CPU can
  /// address; nil where that is less than 1 GiB.
  /// - Parameter addressBits: width of a guest physical address, as CPUID tells it.
  public func pciWindow64(addressBits: Int) -> GuestRange? {
    let gibibyte: UInt64 = 1 << 30
    let base = (endOfHighMemory.value + (gibibyte - 1)) / gibibyte * gibibyte
    let end = min(UInt64(1) << min(addressBits, 52), base + 256 * gibibyte)
    return base < end ? GuestRange(base: GuestAddress(base), size: end - base) : nil
  }
}
