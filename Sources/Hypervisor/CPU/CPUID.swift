/// What CPUID tells the guest: what the host can do, with the guest's own topology.
///
/// The package has one socket of `count` cores with one thread each; APIC id = core number.
struct CPUID {
  /// Number of vCPUs, at least 1.
  let count: UInt32
  /// Whether the local APIC timer has TSC deadline mode (KVM_CAP_TSC_DEADLINE_TIMER).
  let hasTSCDeadline: Bool

  /// Bits of an APIC id that number the cores of the package.
  var coreBits: UInt32 {
    count <= 1 ? 0 : UInt32(UInt32.bitWidth - (count - 1).leadingZeroBitCount)
  }

  /// The leaves for the vCPU with APIC id `id`, from those that the host supports.
  func entries(from supported: [CPUIDEntry], id: UInt32) -> [CPUIDEntry] {
    var entries = supported.filter { !Self.topologyLeaves.contains($0.leaf) }
    for index in entries.indices { adapt(&entries[index], id: id) }
    for leaf in Self.topologyLeaves where supported.contains(where: { $0.leaf == leaf }) {
      entries += topology(leaf: leaf, id: id)
    }
    return entries
  }

  /// Whether a guest with these leaves has the YMM registers.
  static func hasAVX(_ entries: [CPUIDEntry]) -> Bool {
    entries.contains { $0.leaf == 1 && $0.ecx >> 28 & 1 != 0 }
  }

  private static let topologyLeaves: [UInt32] = [0xB, 0x1F]

  /// Leaf 0xB, and 0x1F of the same form: threads of a core, then cores of the package
  /// (Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E).
  private func topology(leaf: UInt32, id: UInt32) -> [CPUIDEntry] {
    func level(_ number: UInt32, type: UInt32, shift: UInt32, processors: UInt32) -> CPUIDEntry {
      CPUIDEntry(
        leaf: leaf, subleaf: number, isIndexed: true,
        eax: shift, ebx: processors, ecx: type << 8 | number, edx: id)
    }
    return [
      level(0, type: 1, shift: 0, processors: 1),
      level(1, type: 2, shift: coreBits, processors: count),
      level(2, type: 0, shift: 0, processors: 0),
    ]
  }

  private func adapt(_ entry: inout CPUIDEntry, id: UInt32) {
    switch entry.leaf {
    case 0x1:
      let processors = min(UInt32(1) << coreBits, 255)
      entry.ebx.replace(bits: 24..<32, with: min(id, 255))
      entry.ebx.replace(bits: 16..<24, with: processors)
      entry.edx.replace(bits: 28..<29, with: count > 1 ? 1 : 0)  // HTT: the field above counts
      entry.ecx.replace(bits: 21..<22, with: 1)  // x2APIC: KVM's local APIC has it
      entry.ecx.replace(bits: 24..<25, with: hasTSCDeadline ? 1 : 0)
      entry.ecx.replace(bits: 31..<32, with: 1)  // a hypervisor is present
    case 0x4 where entry.eax & 0x1F != 0:
      // Intel's caches: the first two levels belong to a core, the third to the package.
      let level = entry.eax >> 5 & 7
      entry.eax.replace(bits: 14..<26, with: level >= 3 ? min(count - 1, 0xFFF) : 0)
      entry.eax.replace(bits: 26..<32, with: min((UInt32(1) << coreBits) - 1, 0x3F))
    case 0x8000_0008:
      // AMD: cores of the package, and APIC id bits that number them.
      entry.ecx.replace(bits: 0..<8, with: min(count - 1, 255))
      entry.ecx.replace(bits: 12..<16, with: min(coreBits, 15))
    case 0x8000_001D where entry.eax & 0x1F != 0:
      let level = entry.eax >> 5 & 7
      entry.eax.replace(bits: 14..<26, with: level >= 3 ? min(count - 1, 0xFFF) : 0)
    case 0x8000_001E:
      // AMD: one thread a core, one node.
      entry.eax = id
      entry.ebx = min(id, 255)
      entry.ecx = 0
    default: break
    }
  }
}

extension UInt32 {
  /// Puts the low bits of `value` in place of `bits`.
  mutating func replace(bits: Range<UInt32>, with value: UInt32) {
    let mask = ((UInt32(1) << UInt32(bits.count)) - 1) << bits.lowerBound
    self = self & ~mask | (value << bits.lowerBound) & mask
  }
}
