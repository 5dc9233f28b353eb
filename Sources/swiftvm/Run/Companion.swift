internal import Hypervisor

/// What stands beside a session's machines: consoles, control, debugger, whoever looks on.
///
/// A machine is attached before it runs and detached once none of its vCPUs runs any more, in reverse order; a guest's
/// reboot is the next machine. A companion that did not get so far is detached too. At the session's end each is ended, in
/// reverse order, when no machine is attached any more.
protocol Companion: AnyObject {
  /// From here on `machine`, which is about to run, is the one.
  func attach(_ machine: Machine) throws(MachineError)
  /// It is no more; `ending` tells how it ended, nil where it could not run.
  func detach(_ ending: MachineEnding?)
  /// Gives back what it has of the host.
  func end()
}

extension Companion {
  func attach(_ machine: Machine) throws(MachineError) {}
  func detach(_ ending: MachineEnding?) {}
  func end() {}
}
