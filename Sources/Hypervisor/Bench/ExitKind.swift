/// What `swiftvm bench exits` can measure, by the name that a person gives it.
public enum ExitKind: String, CaseIterable, Codable, Sendable {
  case empty
  case portRead = "port-read"
  case portWrite = "port-write"
  case mmioRead = "mmio-read"
  case mmioWrite = "mmio-write"
  case stringPort = "string-port"
  case cpuid
  case msrKernel = "msr-kernel"
  case msrUser = "msr-user"
  case hypercall
  case haltWakeup = "hlt-wakeup"
  case irqfdInjection = "irqfd-injection"
  case ioeventfdDoorbell = "ioeventfd-doorbell"
  case ipi
  case timerLateness = "timer-lateness"
  case pageFirstTouch = "page-first-touch"
  case dirtyLogFault = "dirty-log-fault"
  case kick
  case vcpuCreation = "vcpu-creation"
  case vmCreation = "vm-creation"

  /// What a sample is, from its beginning to its end.
  public var summary: String {
    switch self {
    case .empty: "no exit: the two readings of the clock that are part of every sample a guest takes"
    case .portRead: "IN from a register of swiftvm's, and back in the guest"
    case .portWrite: "OUT to a register of swiftvm's, and back in the guest"
    case .mmioRead: "a load from a register of swiftvm's, and back in the guest"
    case .mmioWrite: "a store to a register of swiftvm's, and back in the guest"
    case .stringPort: "REP INSB of 64 bytes, in one exit"
    case .cpuid: "CPUID, answered in the kernel"
    case .msrKernel: "RDMSR, answered in the kernel"
    case .msrUser: "RDMSR that a filter sends to user space"
    case .hypercall: "a hypercall that does nothing, answered in the kernel"
    case .haltWakeup: "from a host thread's signal to its view of the handler's mark, the guest in HLT"
    case .irqfdInjection: "the same, the guest busy on its CPU"
    case .ioeventfdDoorbell: "from a guest's store to a host thread, and the thread's answer back"
    case .ipi: "from one vCPU's send to its view of the mark of the other's handler"
    case .timerLateness: "from a timer's deadline to its handler, the guest in HLT"
    case .pageFirstTouch: "the first write to a page that the host has not given yet"
    case .dirtyLogFault: "the first write to a page since its dirty log was taken"
    case .kick: "from another thread's request to the return of KVM_RUN, the guest busy"
    case .vcpuCreation: "KVM_CREATE_VCPU, and its run area mapped"
    case .vmCreation: "KVM_CREATE_VM, with memory, interrupt controllers and PIT"
    }
  }

  /// Samples in a repetition where a person does not say how many.
  public var usualSamples: Int {
    switch self {
    case .empty, .portRead, .portWrite, .mmioRead, .mmioWrite, .stringPort, .cpuid, .msrKernel, .msrUser,
      .hypercall:
      5000
    case .ioeventfdDoorbell, .pageFirstTouch, .dirtyLogFault: 2000
    case .haltWakeup, .irqfdInjection, .ipi, .timerLateness, .kick: 500
    case .vcpuCreation: 100
    case .vmCreation: 20
    }
  }

  /// CPUs that work at the same time, each on one side of what is measured.
  var threads: Int {
    switch self {
    case .haltWakeup, .irqfdInjection, .ioeventfdDoorbell, .ipi, .kick: 2
    default: 1
    }
  }

  /// Samples before those that count: caches are cold and pages unmapped.
  func warmUp(samples: Int) -> Int {
    switch self {
    case .vcpuCreation, .vmCreation: 1
    default: min(max(samples / 20, 16), 500)
    }
  }

  /// Whether samples follow one another without a pause, so that they have a rate.
  var isBackToBack: Bool {
    switch self {
    case .haltWakeup, .irqfdInjection, .timerLateness, .kick, .vcpuCreation, .vmCreation: false
    default: true
    }
  }

  /// Parts of a sample, one after the other, where these can be told apart.
  var phases: [String] {
    switch self {
    case .portRead, .portWrite, .mmioRead, .mmioWrite, .stringPort, .msrUser:
      ["guest to user space", "answer", "back to the guest"]
    case .haltWakeup, .irqfdInjection: ["signal to handler", "mark to host"]
    case .ioeventfdDoorbell: ["store to host thread", "answer to guest"]
    case .ipi: ["send to handler", "mark to sender"]
    default: []
    }
  }

  /// The same where guest and host clock cannot be compared.
  var hostPhases: [String] {
    phases.count == 3 ? ["guest and kernel", "answer"] : []
  }
}
