public import Devices
public import SystemPackage

/// Why a machine could not be made, or could not go on.
public enum MachineError: Error, Sendable {
  case kvm(KVMError)
  case boot(BootError)
  /// The host refused guest memory: bytes asked for, and why.
  case memory(UInt64, Errno)
  /// More vCPUs than the ACPI tables have room for.
  case tablesTooLarge(ACPITables.TooLarge)
  /// Two devices want the same addresses.
  case conflict(AddressConflict)
  /// The debug port where something else is, by its name, or past the last port.
  case debugPort(UInt16, taken: String?)
  /// Two devices want the same place on the PCI bus, or one has no place there.
  case placement(HostBridge.PlacementError)
  case noRoomOnBus(slot: Int)
  /// The device of this key stands on nothing.
  case missingPart(String)
  /// Nobody wanted the machine any more before it was made.
  case cancelled
  /// A host resource, by what it is for.
  case host(String, Errno)
}

extension MachineError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .kvm(let error): "\(error)"
    case .boot(let error): "\(error)"
    case .memory(let size, let errno): "cannot reserve \(size >> 20) MiB for the guest's memory: \(errno)"
    case .tablesTooLarge(let error):
      "the ACPI tables take \(error.size) bytes, there is room for \(error.capacity)"
    case .conflict(let error): "\(error.device) and \(error.other) want the same addresses"
    case .debugPort(let port, let other?): "debug port 0x\(String(port, radix: 16)): \(other) answers there"
    case .debugPort(let port, nil): "debug port 0x\(String(port, radix: 16)): ports end at 0xffff"
    case .placement(.taken(let address)): "two devices want the PCI address \(address)"
    case .placement(.functionZeroMissing(let address)):
      "the device at the PCI address \(address) has no function 0"
    case .noRoomOnBus(let slot): "PCI slot \(slot): the bus or its window of addresses ends before it"
    case .missingPart(let key): "\(key) stands on nothing"
    case .cancelled: "ended while the machine was made"
    case .host(let what, let errno): "cannot make \(what): \(errno)"
    }
  }

  /// What to do next.
  public var hint: String? {
    switch self {
    case .kvm(let error): error.hint
    case .boot(let error): error.hint
    case .memory:
      "give less, or free memory on the host (`ulimit -v` and `sysctl vm.overcommit_memory` may limit it too)"
    case .host(_, .tooManyOpenFiles), .host(_, .tooManyOpenFilesInSystem):
      "raise the hard limit of open files (`ulimit -n`, or LimitNOFILE= of a unit)"
    case .host(_, .resourceTemporarilyUnavailable):
      "no thread could be made: raise `ulimit -u`, or `ulimit -v`"
    case .tablesTooLarge: "give fewer vCPUs"
    case .debugPort:
      "take \(DebugPort.size) ports where nothing is; test kernels made for QEMU mostly use 0xf4 or 0x501"
    case .noRoomOnBus: "give fewer disks and network cards"
    case .conflict, .placement, .missingPart, .cancelled, .host: nil
    }
  }
}
