internal import CKVM
internal import CLinux
internal import Devices
internal import SystemPackage

/// Kinds that a guest measures by itself, on one vCPU.
struct GuestMeasurement: BatchedMeasurement {
  let kind: ExitKind
  private let machine: BenchMachine
  private let samples: SharedWord
  private let offset: UInt64?
  let mostSamples: Int

  init(_ kind: ExitKind, on kvm: borrowing KVM, host: BenchHost) throws(BenchError) {
    if kind == .timerLateness, kvm.extent(of: .tscDeadline) == 0 {
      throw .lacks("this KVM has no KVM_CAP_TSC_DEADLINE_TIMER")
    }
    let isTouched = kind == .pageFirstTouch || kind == .dirtyLogFault
    self.kind = kind
    machine = try BenchMachine(kind, on: kvm, isTouched: isTouched)
    samples = try machine.word(.samples)
    offset = machine.clockOffset
    mostSamples = isTouched ? BenchLayout.touchedPages : BenchLayout.mostRecords
    switch kind {
    case .timerLateness:
      try machine.word(.argument).value = host.ticks(microseconds: 200)
    case .msrUser:
      try BenchError.check(
        "KVM_X86_SET_MSR_FILTER",
        ckvm_msr_to_user(machine.vm.descriptor.number, BenchLayout.filteredMSR))
    case .pageFirstTouch, .dirtyLogFault:
      try machine.word(.argument).value = BenchLayout.touched.base.value
      try unsafe prepare(touchedPages())
    default: break
    }
  }

  func batch(_ side: BenchSide, of count: Int, warmUp: Int) throws(BenchError) -> RawSamples {
    try makePagesNew()
    samples.value = UInt64(count)
    try machine.run(side)
    let stamps =
      kind.phases.isEmpty ? [] : (0..<min(machine.stampCount, 2 * count)).map { machine.stamps[$0] }
    return RawSamples(try machine.records(count), warmUp: warmUp, stamps: stamps, offset: offset)
  }

  // MARK: Pages

  private func touchedPages() throws(BenchError) -> UnsafeMutableRawPointer {
    guard
      let pages = unsafe machine.memory.hostPointer(
        at: BenchLayout.touched.base, size: BenchLayout.touched.size)
    else { throw .lacks("its guest has no such memory") }
    return unsafe pages
  }

  @unsafe
  private func prepare(_ pages: UnsafeMutableRawPointer) throws(BenchError) {
    let size = Int(BenchLayout.touched.size)
    // Advice: a page for each touch. A kernel without huge pages refuses it, and has none to give.
    _ = unsafe madvise(pages, size, Int32(MADV_NOHUGEPAGE))
    guard kind == .dirtyLogFault else { return }
    // The whole of the region that `touchedPages` checked.
    unsafe memset(pages, 1, size)
    try BenchError.check(
      "KVM_SET_USER_MEMORY_REGION(KVM_MEM_LOG_DIRTY_PAGES)",
      unsafe ckvm_log_dirty_pages(
        machine.vm.descriptor.number, BenchLayout.touchedSlot, BenchLayout.touched.base.value,
        BenchLayout.touched.size, pages))
    // KVM maps them now, so that what is measured later is only the log's doing.
    samples.value = UInt64(BenchLayout.touchedPages)
    try machine.run(.swiftvm)
  }

  /// Makes the next write to each page one that the host must answer.
  private func makePagesNew() throws(BenchError) {
    switch kind {
    case .pageFirstTouch:
      // The whole of a region of the guest's memory; what it held is of no interest.
      _ = unsafe madvise(try touchedPages(), Int(BenchLayout.touched.size), Int32(MADV_DONTNEED))
    case .dirtyLogFault:
      var log = [UInt64](repeating: 0, count: BenchLayout.touchedPages / 64)
      try BenchError.check(
        "KVM_GET_DIRTY_LOG",
        // The array has a bit for each page of the slot.
        unsafe ckvm_take_dirty_log(machine.vm.descriptor.number, BenchLayout.touchedSlot, &log))
    default: break
    }
  }
}
