internal import CKVM

/// One leaf and sub-leaf of CPUID.
public struct CPUIDEntry: Hashable, Sendable {
  public var leaf: UInt32
  public var subleaf: UInt32
  /// Whether the answer depends on ECX (KVM_CPUID_FLAG_SIGNIFCANT_INDEX).
  public var isIndexed: Bool
  public var eax: UInt32
  public var ebx: UInt32
  public var ecx: UInt32
  public var edx: UInt32

  public init(
    leaf: UInt32, subleaf: UInt32 = 0, isIndexed: Bool = false,
    eax: UInt32 = 0, ebx: UInt32 = 0, ecx: UInt32 = 0, edx: UInt32 = 0
  ) {
    self.leaf = leaf
    self.subleaf = subleaf
    self.isIndexed = isIndexed
    self.eax = eax
    self.ebx = ebx
    self.ecx = ecx
    self.edx = edx
  }
}

/// A `kvm_cpuid2` with its flexible array, as KVM reads and writes it.
@safe
public struct CPUIDTable: ~Copyable {
  // Allocated with room for `capacity` entries, freed in deinit.
  let header: UnsafeMutablePointer<kvm_cpuid2>

  init(capacity: Int) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: ckvm_cpuid2_size(capacity), alignment: MemoryLayout<kvm_cpuid2>.alignment)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: ckvm_cpuid2_size(capacity))
    unsafe header = memory.bindMemory(to: kvm_cpuid2.self, capacity: 1)
    unsafe header.pointee.nent = UInt32(capacity)
  }

  public init(_ entries: [CPUIDEntry]) {
    self.init(capacity: entries.count)
    for (index, entry) in entries.enumerated() {
      var raw = kvm_cpuid_entry2()
      raw.function = entry.leaf
      raw.index = entry.subleaf
      raw.flags = entry.isIndexed ? UInt32(KVM_CPUID_FLAG_SIGNIFCANT_INDEX) : 0
      raw.eax = entry.eax
      raw.ebx = entry.ebx
      raw.ecx = entry.ecx
      raw.edx = entry.edx
      // The table was made with room for every entry.
      unsafe ckvm_cpuid2_entries(header)[index] = raw
    }
  }

  deinit {
    unsafe header.deallocate()
  }

  public var entries: [CPUIDEntry] {
    // KVM lowers nent to the number of entries that it filled.
    (0..<Int(unsafe header.pointee.nent)).map { index in
      let raw = unsafe ckvm_cpuid2_entries(header)[index]
      return CPUIDEntry(
        leaf: raw.function, subleaf: raw.index,
        isIndexed: raw.flags & UInt32(KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0,
        eax: raw.eax, ebx: raw.ebx, ecx: raw.ecx, edx: raw.edx)
    }
  }
}
