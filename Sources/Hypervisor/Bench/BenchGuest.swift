internal import ExitGuests

/// The code of a guest of guests/exits, which is part of this executable.
struct BenchGuest {
  let bytes: [UInt8]

  private init(_ guest: ExitGuest) {
    // The bounds of assembled code, which is constant.
    unsafe bytes = [UInt8](UnsafeRawBufferPointer(start: guest.code, count: guest.size))
  }

  /// The guest that shows `kind`; nil where the host alone does.
  init?(_ kind: ExitKind) {
    // Each call only names the bounds.
    switch kind {
    case .empty: unsafe self.init(exits_empty())
    case .portRead: unsafe self.init(exits_port_read())
    case .portWrite: unsafe self.init(exits_port_write())
    case .mmioRead: unsafe self.init(exits_mmio_read())
    case .mmioWrite: unsafe self.init(exits_mmio_write())
    case .stringPort: unsafe self.init(exits_string_port())
    case .cpuid: unsafe self.init(exits_cpuid())
    case .msrKernel: unsafe self.init(exits_msr_kernel())
    case .msrUser: unsafe self.init(exits_msr_user())
    case .hypercall: unsafe self.init(exits_hypercall())
    case .haltWakeup: unsafe self.init(exits_halted())
    case .irqfdInjection: unsafe self.init(exits_busy())
    case .ioeventfdDoorbell: unsafe self.init(exits_doorbell())
    case .ipi: unsafe self.init(exits_ipi())
    case .timerLateness: unsafe self.init(exits_timer())
    case .pageFirstTouch, .dirtyLogFault: unsafe self.init(exits_page_touch())
    case .kick: unsafe self.init(exits_spin())
    case .vcpuCreation, .vmCreation: return nil
    }
  }
}
