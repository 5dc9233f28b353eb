internal import CLinux
internal import Devices
internal import SystemPackage

/// A host thread interrupts a guest that sleeps or is busy, and waits for its handler's mark.
struct InterruptMeasurement: BatchedMeasurement {
  let kind: ExitKind
  private let host: BenchHost
  private let machine: BenchMachine
  private let router: InterruptRouter
  private let vector: MessageVector
  private let words: (samples: SharedWord, mark: SharedWord, time: SharedWord, ready: SharedWord)

  init(_ kind: ExitKind, on kvm: borrowing KVM, host: BenchHost) throws(BenchError) {
    self.kind = kind
    self.host = host
    let machine = try BenchMachine(kind, on: kvm)
    self.machine = machine
    let routes = kvm.extent(of: .interruptRouting)
    let router = try BenchError.asking { () throws(KVMError) in
      try machine.vm.makeInterruptRouter(routes: routes)
    }
    self.router = router
    vector = try BenchError.making("eventfd") { () throws(Errno) in try router.makeVector() }
    // To the local APIC with id 0.
    router.connect(
      vector, to: InterruptMessage(address: Layout.localAPIC.value, data: BenchLayout.vector))
    words = (
      try machine.word(.samples), try machine.word(.mark), try machine.word(.time), try machine.word(.reply)
    )
  }

  func batch(_ side: BenchSide, of count: Int, warmUp: Int) throws(BenchError) -> RawSamples {
    let stamps = try interrupt(side, count)
    let offset = machine.clockOffset
    return RawSamples(
      splitting: (0..<count).map { index in
        BenchRecord(
          begin: stamps[3 * index], end: stamps[3 * index + 2],
          // Without an offset it lies nowhere between, and the parts are not told.
          between: offset.map { stamps[3 * index + 1] &- $0 } ?? UInt64.max)
      }, warmUp: warmUp)
  }

  /// - Returns: for each signal when it was sent, when the handler began, and when its mark was seen. The handler's
  ///   time is the guest's.
  private func interrupt(_ side: BenchSide, _ count: Int) throws(BenchError) -> StampBuffer {
    let stamps = StampBuffer(count: 3 * count)
    let over = OverFlag()
    // A guest in HLT is to have left its CPU: KVM polls for up to some 200 us before it does.
    let pause = host.ticks(microseconds: kind == .haltWakeup ? 400 : 20)
    words.mark.value = 0
    words.samples.value = UInt64(count)
    let sender = try BenchError.making("a thread") { [words, vector, host] () throws(Errno) in
      try HostThread(name: "bench-sender") {
        host.pin(thread: 1)
        guard words.ready.wait(over, until: { $0 != 0 }) else { return }
        for index in 0..<count {
          let begin = clinux_ticks()
          while clinux_ticks() &- begin < pause {}
          stamps[3 * index] = clinux_ticks()
          switch side {
          case .swiftvm: vector.signal()
          case .floor: clinux_eventfd_signal(vector.event.number)
          }
          guard words.mark.wait(over, until: { $0 > UInt64(index) }) else { return }
          stamps[3 * index + 2] = clinux_ticks()
          stamps[3 * index + 1] = words.time.value
        }
      }
    }
    try machine.run(side, beside: sender, until: over)
    return stamps
  }
}
