internal import CKVM
internal import CLinux
internal import Devices
internal import SystemPackage

/// A guest's store signals an eventfd; a host thread answers through memory.
struct DoorbellMeasurement: BatchedMeasurement {
  let kind = ExitKind.ioeventfdDoorbell
  private let host: BenchHost
  private let machine: BenchMachine
  private let doorbell: SharedEvent
  // Held for KVM.
  private let doorbells: KernelDoorbells
  private let words: (samples: SharedWord, reply: SharedWord)

  init(on kvm: borrowing KVM, host: BenchHost) throws(BenchError) {
    self.host = host
    machine = try BenchMachine(kind, on: kvm)
    doorbell = try BenchError.making("eventfd") { () throws(Errno) in try SharedEvent() }
    doorbells = machine.vm.makeDoorbells()
    doorbells.connect(doorbell, at: BenchLayout.doorbell)
    words = (try machine.word(.samples), try machine.word(.reply))
  }

  func batch(_ side: BenchSide, of count: Int, warmUp: Int) throws(BenchError) -> RawSamples {
    let answered = try ring(side, count)
    let offset = machine.clockOffset
    let records = try machine.records(count).enumerated().map { index, record in
      BenchRecord(
        begin: record.begin, end: record.end,
        // Without an offset it lies nowhere between, and the parts are not told.
        between: offset.map { answered[index] &+ $0 } ?? UInt64.max)
    }
    return RawSamples(splitting: records, warmUp: warmUp)
  }

  /// - Returns: when the host's thread saw each signal, by the host's clock.
  private func ring(_ side: BenchSide, _ count: Int) throws(BenchError) -> StampBuffer {
    let stamps = StampBuffer(count: count)
    let over = OverFlag()
    words.reply.value = 0
    // An event loop leaves the count as it is.
    doorbell.event.take()
    words.samples.value = UInt64(count)
    let server = try BenchError.making("a thread") { [words, doorbell, host] () throws(Errno) in
      try HostThread(name: "bench-server") {
        host.pin(thread: 1)
        switch side {
        case .swiftvm: Self.serve(doorbell, count, stamps, words.reply, over)
        case .floor:
          guard let room = unsafe stamps.words.baseAddress else { return }
          // The stamps have room for `count`; all are held by this closure.
          _ = unsafe ckvm_floor_serve(
            doorbell.event.number, room, UInt64(count), words.reply.pointer, over.pointer)
        }
      }
    }
    try machine.run(side, beside: server, until: over, wake: { [doorbell] in doorbell.event.signal() })
    return stamps
  }

  /// As a device's worker is woken: by the event loop of its thread.
  private static func serve(
    _ doorbell: SharedEvent, _ count: Int, _ stamps: StampBuffer, _ reply: SharedWord, _ over: OverFlag
  ) {
    var served = 0
    guard let loop = try? EventLoop(),
      let watch = try? loop.watch(
        doorbell.event.number, for: .signal,
        handler: {
          guard served < count else { return }
          stamps[served] = clinux_ticks()
          served += 1
          reply.value = UInt64(served)
        })
    else { return }
    defer { loop.cancel(watch) }
    while served < count, !over.isUp {
      guard (try? loop.runOnce()) != nil else { return }
    }
  }
}
