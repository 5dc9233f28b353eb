internal import CLinux
internal import Devices
internal import SystemPackage

/// A host thread makes a busy vCPU leave its guest.
struct KickMeasurement: BatchedMeasurement {
  let kind = ExitKind.kick
  private let host: BenchHost
  private let machine: BenchMachine
  private let words: (time: SharedWord, stop: SharedWord)

  init(on kvm: borrowing KVM, host: BenchHost) throws(BenchError) {
    self.host = host
    machine = try BenchMachine(kind, on: kvm)
    words = (try machine.word(.time), try machine.word(.stop))
  }

  func batch(_ side: BenchSide, of count: Int, warmUp: Int) throws(BenchError) -> RawSamples {
    let sent = try kick(side, count)
    let returns = stride(from: 0, to: machine.stampCount, by: 2).map { machine.stamps[$0] }
    return RawSamples(
      Self.records(sent: (0..<count).map { sent[$0] }, returns: returns), warmUp: warmUp)
  }

  /// Each kick with the first return that came after it.
  static func records(sent: [UInt64], returns: [UInt64]) -> [BenchRecord] {
    var rest = returns[...]
    return sent.map { begin in
      rest = rest.drop { $0 < begin }
      return BenchRecord(begin: begin, end: rest.first ?? begin, between: 0)
    }
  }

  /// - Returns: when each kick was sent.
  private func kick(_ side: BenchSide, _ count: Int) throws(BenchError) -> StampBuffer {
    let stamps = StampBuffer(count: count)
    let over = OverFlag()
    let floor = machine.makeFloorKick(of: pthread_self())
    let pause = host.ticks(microseconds: 20)
    let sender = try BenchError.making("a thread") {
      [words, host, handle = machine.handle] () throws(Errno) in
      try HostThread(name: "bench-sender") {
        host.pin(thread: 1)
        for index in 0..<count {
          // In the guest: it tells the time, twice, as it may have told it once before it left.
          let first = words.time.value
          guard words.time.wait(over, until: { $0 != first }) else { return }
          let second = words.time.value
          guard words.time.wait(over, until: { $0 != second }) else { return }
          let begin = clinux_ticks()
          while clinux_ticks() &- begin < pause {}
          stamps[index] = clinux_ticks()
          switch side {
          case .swiftvm: handle.ask(VCPUHandle.Request.nothing)
          case .floor: floor.send()
          }
          while !floor.isAnswered {
            if over.isUp { return }
          }
        }
        words.stop.value = 1
      }
    }
    try machine.run(side, beside: sender, until: over)
    return stamps
  }
}
