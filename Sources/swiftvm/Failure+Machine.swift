internal import Hypervisor
internal import SystemPackage

extension Failure {
  init(_ error: ConfigurationError) {
    self.init(.usage, error.description, hint: error.hint)
  }

  init(_ error: KVMError) {
    self.init(.hostNotAble, error.description, hint: error.hint)
  }

  init(_ error: MachineError) {
    let status: ExitStatus =
      switch error {
      case .boot, .tablesTooLarge, .noRoomOnBus, .debugPort: .usage
      case .kvm, .memory, .host: .hostNotAble
      case .conflict, .placement, .cancelled: .internalError
      }
    self.init(status, error.description, hint: error.hint)
  }
}
