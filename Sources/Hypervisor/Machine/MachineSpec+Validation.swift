public import Devices

/// What this host sets as bounds to a machine.
public struct HostLimits: Hashable, Sendable {
  /// The most vCPUs that KVM gives one machine.
  public var vcpus: Int
  /// Bits of a guest physical address (CPUID 0x80000008 EAX[7:0]).
  public var physicalAddressBits: UInt32

  public init(vcpus: Int, physicalAddressBits: UInt32) {
    self.vcpus = vcpus
    self.physicalAddressBits = physicalAddressBits
  }

  public init(of kvm: borrowing KVM, cpuid: borrowing CPUIDTable) {
    vcpus = kvm.maximumVCPUs
    physicalAddressBits = cpuid.entries.first { $0.leaf == 0x8000_0008 }.map { $0.eax & 0xFF } ?? 36
  }
}

/// A specification that this host can carry out, and what follows from it. Only `MachineSpec.validated` makes one, and
/// only this makes a machine.
public struct ValidatedSpec: Hashable, Sendable {
  public private(set) var spec: MachineSpec
  public let commandLine: KernelCommandLine
  public let memoryMap: MemoryMap
  /// Where 64-bit BARs go; nil where the CPU's addresses end with RAM.
  public let pciWindow64: GuestRange?
  public let cpuCount: UInt32

  fileprivate init(_ spec: MachineSpec, on host: HostLimits) throws(MachineSpecError) {
    self.spec = spec
    do throws(KernelCommandLineError) {
      commandLine = try KernelCommandLine(append: spec.append, appendOnly: spec.appendOnly)
    } catch {
      throw .commandLine(error)
    }
    guard spec.cpus >= 1 else { throw .noCPU }
    guard spec.cpus <= host.vcpus else { throw .tooManyCPUs(spec.cpus, limit: host.vcpus) }
    cpuCount = UInt32(spec.cpus)

    guard spec.memory >= Self.leastMemory else { throw .memoryTooSmall(spec.memory) }
    let most = min(Self.addressableMemory(bits: host.physicalAddressBits), KVMVirtualMachine.largestRegion)
    guard spec.memory <= most else { throw .memoryTooLarge(spec.memory, limit: most) }
    // Whole pages; a page more or less is nobody's wish.
    memoryMap = MemoryMap(ramSize: spec.memory & ~0xFFF)
    pciWindow64 = memoryMap.pciWindow64(addressBits: Int(host.physicalAddressBits))

    guard spec.disks.count <= PCISlot.mostDisks else { throw .tooManyDisks(spec.disks.count) }
    guard spec.cards.count <= PCISlot.mostCards else { throw .tooManyCards(spec.cards.count) }
    for disk in spec.disks { try disk.check() }
    for card in spec.cards { try card.check() }
    var keys: Set<String> = ["", "rng", "console"]
    for key in spec.disks.map(\.key) + spec.cards.map(\.key) {
      guard keys.insert(key).inserted else { throw .keyGivenTwice(key) }
    }
  }

  /// Gives the card of this key, if there is one, the address and MTU that it was opened with.
  public mutating func settle(card key: String, mac: MACAddress, mtu: Int?) throws(MachineSpecError) {
    for index in spec.cards.indices where spec.cards[index].key == key {
      let card = MachineSpec.Card(key: key, mac: mac, mtu: mtu)
      try card.check()
      spec.cards[index] = card
    }
  }

  /// 1 MiB: the real-mode address space, which every machine has.
  private static let leastMemory: UInt64 = 1 << 20

  /// What the PCI hole takes below 4 GiB goes on above.
  private static func addressableMemory(bits: UInt32) -> UInt64 {
    let hole = Layout.above4GiB.value - Layout.pciHole.value
    return (UInt64(1) << UInt64(min(bits, 52))) - hole
  }
}

extension MachineSpec {
  /// Checks the specification against itself and against the host.
  public func validated(on host: HostLimits) throws(MachineSpecError) -> ValidatedSpec {
    try ValidatedSpec(self, on: host)
  }
}

extension MachineSpec.Disk {
  fileprivate func check() throws(MachineSpecError) {
    guard (1...Self.mostQueues).contains(queues) else { throw .diskQueues(key, queues) }
    let isPrintable = serial.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    guard isPrintable, serial.utf8.count <= Self.longestSerial else { throw .diskSerial(key, serial) }
  }
}

extension MachineSpec.Card {
  fileprivate func check() throws(MachineSpecError) {
    if let mtu, !Self.mtus.contains(mtu) { throw .cardMTU(key, mtu) }
    if let mac, mac.isMulticast || mac.isZero { throw .cardAddress(key, mac) }
  }
}

/// A machine that cannot be.
public enum MachineSpecError: Error, Hashable, Sendable {
  case noCPU
  case tooManyCPUs(Int, limit: Int)
  /// Bytes.
  case memoryTooSmall(UInt64)
  /// Bytes.
  case memoryTooLarge(UInt64, limit: UInt64)
  case commandLine(KernelCommandLineError)
  case tooManyDisks(Int)
  case tooManyCards(Int)
  /// Of the device of a key.
  case diskQueues(String, Int)
  /// Of the device of a key: too long, or not ASCII.
  case diskSerial(String, String)
  case cardMTU(String, Int)
  /// Of the device of a key: no card can have it.
  case cardAddress(String, MACAddress)
  case keyGivenTwice(String)
}

extension MachineSpecError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noCPU: "a machine needs at least 1 vCPU"
    case .tooManyCPUs(let count, let limit):
      "\(count) vCPUs asked for, this host's KVM gives at most \(limit)"
    case .memoryTooSmall(let size): "\(size) bytes of memory are too few, a machine has at least 1 MiB"
    case .memoryTooLarge(let size, let limit):
      "\(size >> 20) MiB of memory asked for, a guest on this host can have at most \(limit >> 20) MiB"
    case .commandLine(let error): "\(error)"
    case .tooManyDisks(let count):
      "\(count) disks asked for, a machine has room for \(PCISlot.mostDisks)"
    case .tooManyCards(let count):
      "\(count) network cards asked for, a machine has room for \(PCISlot.mostCards)"
    case .diskQueues(let key, let count): "\(key): \(count) queues, not 1 to \(MachineSpec.Disk.mostQueues)"
    case .diskSerial(let key, let serial): "\(key): \"\(serial)\" cannot be its serial number"
    case .cardMTU(let key, let mtu):
      "\(key): an MTU of \(mtu), not \(MachineSpec.Card.mtus.lowerBound) to \(MachineSpec.Card.mtus.upperBound)"
    case .cardAddress(let key, let address): "\(key): no card can have the address \(address)"
    case .keyGivenTwice(let key): "two devices have the key \(key)"
    }
  }
}
