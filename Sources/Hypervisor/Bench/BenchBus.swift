internal import Devices
internal import Synchronization

/// The buses of a benchmark's machine: a register and an end, among as many neighbours as a PC has, for what a look-up
/// costs depends on these.
enum BenchBus {
  static func ports(handle: VCPUHandle) throws(AddressConflict) -> AddressSpace {
    var bus = AddressSpaceBuilder()
    try bus.map(ScratchRegister(), name: "register", base: BenchLayout.scratchPort, size: 4)
    try bus.map(FinishPort(handle), name: "end", base: BenchLayout.finishPort, size: 1)
    let neighbour = ScratchRegister()
    for (base, size) in [
      (Layout.Port.i8042Data, 1), (Layout.Port.i8042Command, 1), (Layout.Port.cmos, 2), (Layout.Port.com1, 8),
      (Layout.Port.acpiPM1, 6), (Layout.Port.pciConfiguration, 8),
    ] as [(UInt64, UInt64)] {
      try bus.map(neighbour, name: "neighbour", base: base, size: size)
    }
    return bus.seal()
  }

  static func memory() throws(AddressConflict) -> AddressSpace {
    var bus = AddressSpaceBuilder()
    try bus.map(ScratchRegister(), name: "register", base: BenchLayout.register, size: 4)
    try bus.map(
      ScratchRegister(), name: "neighbour", base: Layout.ecam.base.value, size: Layout.ecam.size)
    return bus.seal()
  }
}

/// Gives back what was written last.
private final class ScratchRegister: BusDevice {
  private let value = Atomic<UInt64>(0)

  func read(at offset: UInt64, width: Int) -> UInt64 { value.load(ordering: .relaxed) }

  func write(_ value: UInt64, at offset: UInt64, width: Int) {
    self.value.store(value, ordering: .relaxed)
  }
}

/// Stops the vCPU at any write.
private final class FinishPort: BusDevice {
  private let handle: VCPUHandle

  init(_ handle: VCPUHandle) {
    self.handle = handle
  }

  func read(at offset: UInt64, width: Int) -> UInt64 { UInt64.max }

  func write(_ value: UInt64, at offset: UInt64, width: Int) {
    handle.ask(VCPUHandle.Request.stop)
  }
}
