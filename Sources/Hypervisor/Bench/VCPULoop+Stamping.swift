internal import CKVM
internal import CLinux

extension VCPULoop {
  /// Runs the guest as `run` does, and notes when exits came and when they had been answered.
  ///
  /// - Parameters:
  ///   - stamps: gets a pair of readings of the time stamp counter for each exit, as far as it has room.
  ///   - kicks: whether to note kicks and signals, and those alone. Else they are not noted: the kernel has reasons of
  ///     its own for them.
  /// - Returns: why it ended, and the words of `stamps` that were written.
  @unsafe
  mutating func run(
    stamping stamps: UnsafeMutableBufferPointer<UInt64>, kicks: Bool
  ) -> (ending: VCPUEnding, words: Int) {
    // The run area is a field of self, which outlives the withdrawal.
    unsafe handle.announce(immediateExit: vcpu.immediateExit)
    defer { handle.withdraw() }
    var words = 0
    while true {
      if handle.hasRequests, handle.takeRequests() & VCPUHandle.Request.stop != 0 {
        return (.stopped, words)
      }
      let exit = vcpu.run()
      let left = clinux_ticks()
      let ending = vcpu.answeredRegister(exit) ? nil : answer(exit)
      let isKick = if case .interrupted = exit { true } else { false }
      if words &+ 2 <= stamps.count, isKick == kicks {
        // In bounds by the line above.
        unsafe stamps[words] = left
        unsafe stamps[words &+ 1] = clinux_ticks()
        words &+= 2
      }
      if let ending { return (ending, words) }
    }
  }
}

extension VirtualCPU {
  /// Answers an access to a model-specific register, which no machine asks KVM for.
  @inline(__always)
  fileprivate func answeredRegister(_ exit: VCPUExit) -> Bool {
    guard case .unexpected(let reason) = exit, reason == CKVM_EXIT_X86_RDMSR || reason == CKVM_EXIT_X86_WRMSR
    else { return false }
    // The union's member is the one that the reason names.
    unsafe ckvm_answer_msr(area)
    return true
  }
}
