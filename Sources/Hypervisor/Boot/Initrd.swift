internal import Devices

/// The initial RAM disk's place in guest memory (Linux Documentation/arch/x86/boot.rst, initrd_addr_max).
struct Initrd: Hashable, Sendable {
  /// Where its bytes go: page-aligned, in one run of RAM below the PCI hole, as high as allowed.
  let range: GuestRange

  /// - Parameters:
  ///   - addressMax: the highest address that a byte of it may have.
  ///   - kernel: memory that it keeps clear of.
  init(
    size: UInt64, addressMax: GuestAddress, memoryMap: MemoryMap, keepingClearOf kernel: GuestRange
  ) throws(InitrdError) {
    guard size > 0 else { throw InitrdError.empty }
    // The kernel rounds its end up to a whole page, so that page must be free as well.
    let pages = size.roundedUp(toMultipleOf: 4096)

    var largest: UInt64 = 0
    for gap in Self.gaps(below: addressMax, in: memoryMap, beside: kernel).reversed() {
      let start = gap.lowerBound.roundedUp(toMultipleOf: 4096) ?? gap.upperBound
      let end = gap.upperBound.roundedDown(toMultipleOf: 4096)
      guard start < end else { continue }
      if let pages, pages <= end - start, let range = GuestRange(exactly: end - pages, size: size) {
        self.range = range
        return
      }
      largest = max(largest, end - start)
    }
    throw InitrdError.doesNotFit(
      size: size, available: largest,
      neededMiB: Self.memoryNeeded(pages: pages, addressMax: addressMax, kernel: kernel))
  }

  /// Free runs of RAM from 1 MiB on, in ascending order.
  private static func gaps(
    below addressMax: GuestAddress, in memoryMap: MemoryMap, beside kernel: GuestRange
  ) -> [Range<UInt64>] {
    var gaps: [Range<UInt64>] = []
    for ram in memoryMap.lowRAM where ram.base >= Layout.highMemory {
      let start = ram.base.value
      let end = min(ram.last.value, addressMax.value) &+ 1
      let kernelStart = min(kernel.base.value, end)
      let kernelEnd = kernel.last.value.addingReportingOverflow(1)
      if kernelStart > start { gaps.append(start..<kernelStart) }
      let rest = max(start, kernelEnd.overflow ? UInt64.max : kernelEnd.partialValue)
      if rest < end { gaps.append(rest..<end) }
    }
    return gaps
  }

  /// The memory in MiB with which it would fit behind the kernel; nil where no memory helps.
  private static func memoryNeeded(
    pages: UInt64?, addressMax: GuestAddress, kernel: GuestRange
  ) -> UInt64? {
    guard let pages, let kernelEnd = kernel.last.advanced(by: 1),
      let start = max(kernelEnd, Layout.highMemory).value.roundedUp(toMultipleOf: 4096),
      let end = GuestAddress(start).advanced(by: pages)?.value,
      end &- 1 <= addressMax.value, end <= Layout.pciHole.value
    else { return nil }
    return end.roundedUp(toMultipleOf: 1 << 20).map { $0 >> 20 }
  }
}

/// Why an initrd cannot be loaded. Descriptions are predicates, to stand after the file's name.
public enum InitrdError: Error, Hashable, Sendable {
  case file(ImageFileError)
  case empty
  /// Sizes in bytes; the memory with which it would fit in MiB, nil where none would do.
  case doesNotFit(size: UInt64, available: UInt64, neededMiB: UInt64?)
}

extension InitrdError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .empty: "is empty"
    case .doesNotFit(let size, let available, _):
      "has \(size.asMiB) MiB, beside the kernel there is room for \((available >> 20)) MiB"
    }
  }

  public var hint: String? {
    switch self {
    case .file(let error): error.hint
    case .empty: "leave it out, or make it again"
    case .doesNotFit(_, _, let needed?): "give the machine at least \(needed) MiB of memory"
    case .doesNotFit(_, _, nil): "make it smaller: this kernel takes none of that size, whatever the memory"
    }
  }
}

extension UInt64 {
  /// Whole MiB that hold so many bytes.
  fileprivate var asMiB: UInt64 { (self >> 20) + (self & 0xF_FFFF == 0 ? 0 : 1) }
}
