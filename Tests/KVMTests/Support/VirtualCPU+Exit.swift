@testable import Hypervisor

extension VirtualCPU {
  /// Runs the guest until its next exit. A signal of the host's, or work of the kernel's for this thread, is none.
  func nextExit() -> VCPUExit {
    var exit = run()
    while exit == .interrupted { exit = run() }
    return exit
  }
}
