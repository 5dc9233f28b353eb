internal import Hypervisor
internal import SystemPackage

extension Failure {
  init(_ error: MachineSpecError) {
    let hint: String? =
      switch error {
      case .noCPU: "give -c 1 or more"
      case .tooManyCPUs(_, let limit): "give -c \(limit) or fewer"
      case .memoryTooSmall: "give more with -m; a bare number counts MiB (-m 512), and 512M and 2G work too"
      case .memoryTooLarge(_, let limit): "give -m \(limit >> 20) or less"
      case .commandLine(let error): error.hint
      case .tooManyDisks: "give fewer; one disk can hold many partitions"
      case .tooManyCards: "give fewer; one card can be in many VLANs"
      case .diskQueues, .diskSerial, .cardMTU, .cardAddress, .keyGivenTwice: nil
      }
    self.init(.usage, error.description, hint: hint)
  }

  init(_ error: KVMError) {
    self.init(.hostNotAble, error.description, hint: error.hint)
  }

  init(_ error: MachineError) {
    let status: ExitStatus =
      switch error {
      case .boot, .tablesTooLarge, .noRoomOnBus, .debugPort: .usage
      case .kvm, .memory, .host: .hostNotAble
      case .conflict, .placement, .missingPart, .cancelled: .internalError
      }
    self.init(status, error.description, hint: Self.optionHint(error) ?? error.hint)
  }

  /// What to do next where an option does it: the machine knows none.
  private static func optionHint(_ error: MachineError) -> String? {
    switch error {
    case .memory:
      "give less with -m, or free memory on the host (`ulimit -v` and `sysctl vm.overcommit_memory` may limit it too)"
    case .tablesTooLarge: "give fewer vCPUs with -c"
    case .debugPort: "\(error.hint ?? ""): --debug-exit 0xf4"
    case .boot(.kernelPlacement(_, .memoryTooSmall(let needed, _))):
      "give it more memory: -m \(needed) or more"
    case .boot(.kernelPlacement(_, .noRoom)): "give the machine more memory with -m"
    case .boot(.initrd(_, .doesNotFit(_, _, let needed?))):
      "give the machine more memory: -m \(needed) at the least"
    case .boot(.kernelFormat(_, .unknown)):
      "give a bzImage (a distribution's vmlinuz) or an x86-64 ELF vmlinux; raw code goes with --flat"
    case .boot(.kernelFormat(_, .foreign(.bootSector))):
      "use --flat for a flat real-mode image; of a disk, give the kernel in its /boot"
    case .boot(.kernelFormat(_, .foreign(.cpioArchive))): "give it with -i, and the kernel with -k"
    default: nil
    }
  }
}
