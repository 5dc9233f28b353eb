internal import CKVM

/// What a vCPU does for a debugger. Nothing of it is reached while there is none.
extension VCPULoop {
  private enum Arrival {
    case standing(VCPUBay.Stop)
    /// The vCPU ends before it stands.
    case ended(VCPUEnding)
  }

  /// Stays in the bay until the debugger lets the vCPU go on.
  ///
  /// - Parameter exit: what only a debugger can answer; nil where one asked for a stop.
  /// - Returns: nil to run on.
  mutating func hold(_ exit: VCPUExit?, in bay: VCPUBay) -> VCPUEnding? {
    var arrival: Arrival
    if let exit {
      arrival = .standing(stop(at: exit))
    } else {
      arrival = completeAccess() ?? .standing(.asked)
    }
    while true {
      guard case .standing(let stop) = arrival else {
        guard case .ended(let ending) = arrival else { return nil }
        return ending
      }
      bay.enter(stop)
      switch order(in: bay) {
      case .run: return nil
      case .step: arrival = step()
      case .end: return ending(at: stop)
      case nil: return .stopped
      }
    }
  }

  /// Nil: the vCPU is to stop for good.
  private func order(in bay: VCPUBay) -> VCPUBay.Order? {
    var wasAsked = false
    while true {
      if let order = bay.wait(with: vcpu) {
        // A request to stop that came after the order must not get lost, and one from before does no harm.
        if wasAsked { handle.ask(VCPUHandle.Request.pause) }
        return order
      }
      guard handle.hasRequests else { continue }
      let requests = takeRequests()
      if requests & VCPUHandle.Request.pause != 0 { wasAsked = true }
      if requests & VCPUHandle.Request.stop != 0 {
        bay.leave()
        return nil
      }
    }
  }

  private func stop(at exit: VCPUExit) -> VCPUBay.Stop {
    guard exit == .debug else { return .crashed(exit) }
    let exception = vcpu.debugException
    let isBreakpoint = exception.exception == 3
    return .debug(isBreakpoint ? .breakpoint : .debug, at: exception.pc, status: exception.dr6)
  }

  private func ending(at stop: VCPUBay.Stop) -> VCPUEnding {
    switch stop {
    case .crashed(.tripleFault): .tripleFault(report(on: .tripleFault))
    case .crashed(let exit): .crashed(report(on: exit))
    case .asked, .stepped, .debug: .stopped
    }
  }

  /// Runs one instruction. Other exits on its way are answered.
  private mutating func step() -> Arrival {
    let start = try? vcpu.registers().rip
    while true {
      if handle.hasRequests {
        let requests = takeRequests()
        if requests & VCPUHandle.Request.stop != 0 { return .ended(.stopped) }
        if requests & VCPUHandle.Request.pause != 0 { return completeAccess() ?? .standing(.asked) }
      }
      let exit = vcpu.run()
      switch exit {
      case .interrupted, .halt: continue
      case .portRead, .portWrite, .mmioRead, .mmioWrite:
        if let ending = answer(exit) { return .ended(ending) }
        if let arrival = completeAccess() { return arrival }
        // KVM is silent about the end of an instruction that left the guest.
        if (try? vcpu.registers().rip) != start { return .standing(.stepped) }
      case .debug, .tripleFault, .failedEntry, .internalError, .runFailed, .unexpected:
        return .standing(stop(at: exit))
      }
    }
  }

  /// Lets KVM finish an access that the guest left for, without another instruction: until then the registers are
  /// those from before it (KVM API documentation, section 5, at KVM_EXIT_IO).
  ///
  /// - Returns: nil where nothing else happened.
  private mutating func completeAccess() -> Arrival? {
    handle.holdEntry()
    defer { handle.allowEntry() }
    while true {
      let exit = vcpu.run()
      switch exit {
      case .interrupted: return nil
      // An access that is carried out in several parts.
      case .portRead, .portWrite, .mmioRead, .mmioWrite, .halt:
        if let ending = answer(exit) { return .ended(ending) }
      case .debug, .tripleFault, .failedEntry, .internalError, .runFailed, .unexpected:
        return .standing(stop(at: exit))
      }
    }
  }
}
