internal import CLinux
internal import Devices
internal import Synchronization
internal import SystemPackage

/// Who takes the records of a trace. Called on the drain's thread.
protocol TraceSink: AnyObject, Sendable {
  /// Records of all tracks, by the time at which they began.
  func take(_ events: [TracedEvent], at clock: TraceClock)

  /// So many records of a track found no room.
  func lose(_ count: UInt64, of track: TraceTrack, at clock: TraceClock)

  /// There are no more for now.
  func rest()

  /// There will be no more.
  func end()
}

/// A track as sinks see it.
struct TraceTrack {
  /// From 0, in the order in which tracks were made.
  let number: Int
  let name: String
}

/// A record and where it came from.
struct TracedEvent {
  let track: TraceTrack
  let record: TraceRecord
}

/// Turns ticks of the time stamp counter into nanoseconds since the trace began.
struct TraceClock {
  let origin: UInt64
  /// The same moment on the monotonic clock.
  let originNanoseconds: UInt64
  private let nanosecondsPerTick: Double

  /// - Parameter pair: two moments on both clocks, some milliseconds apart.
  init(from begin: Moment, to end: Moment) {
    origin = begin.ticks
    originNanoseconds = begin.nanoseconds
    nanosecondsPerTick =
      Double(end.nanoseconds &- begin.nanoseconds) / Double(max(end.ticks &- begin.ticks, 1))
  }

  struct Moment {
    let ticks: UInt64
    let nanoseconds: UInt64

    static var now: Moment {
      Moment(ticks: TraceWriter.ticks, nanoseconds: HostClock().monotonicNanoseconds)
    }
  }

  /// 0 for what was before the trace.
  func nanoseconds(at ticks: UInt64) -> UInt64 { ticks > origin ? duration(ticks &- origin) : 0 }

  func duration(_ ticks: UInt64) -> UInt64 { UInt64(min(Double(ticks) * nanosecondsPerTick, 1e18)) }
}

/// Takes the records out of a trace's rings, on a thread of its own, and hands them on.
final class TraceDrain: Sendable {
  private let trace: Trace
  private let sinks: [any TraceSink]
  private let wake: EventDescriptor
  private let finished: EventDescriptor
  private let isClosing = Atomic<Bool>(false)

  /// Milliseconds between two looks at rings that were empty, and before the first, from which the speed of the
  /// counter is known to some millionths.
  private static let pause: Int32 = 20

  init(_ trace: Trace, to sinks: [any TraceSink]) throws(Errno) {
    self.trace = trace
    self.sinks = sinks
    wake = try EventDescriptor()
    finished = try EventDescriptor()
    // The thread keeps this object, and ends by itself after `finish`; nobody waits for it longer.
    try HostThread(name: "trace") { [self] in run() }.detach()
  }

  /// Hands on what there is, for so long at most. Nothing must be traced any more.
  func finish(milliseconds: Int32 = 5000) {
    isClosing.store(true, ordering: .releasing)
    wake.signal()
    var event = pollfd(fd: finished.number, events: Int16(POLLIN), revents: 0)
    // One entry, as told.
    _ = unsafe poll(&event, 1, milliseconds)
  }

  private func run() {
    let origin = TraceClock.Moment.now
    var dropped: [UInt64] = []
    sleep()
    let clock = TraceClock(from: origin, to: .now)
    while true {
      let isLast = isClosing.load(ordering: .acquiring)
      var events: [TracedEvent] = []
      for (number, track) in trace.tracks.enumerated() {
        if number == dropped.count { dropped.append(0) }
        drain(
          TraceTrack(number: number, name: track.name), track.ring, &dropped[number], clock, into: &events)
      }
      events.sort { $0.record.start < $1.record.start }
      for sink in sinks {
        sink.take(events, at: clock)
        sink.rest()
      }
      if isLast { break }
      if events.isEmpty { sleep() }
    }
    for sink in sinks { sink.end() }
    finished.signal()
  }

  /// Takes what one ring has now, and no more than it can hold.
  private func drain(
    _ track: TraceTrack, _ ring: TraceRing, _ dropped: inout UInt64, _ clock: TraceClock,
    into events: inout [TracedEvent]
  ) {
    var budget = TraceRing.capacity
    while budget > 0, let record = ring.take() {
      events.append(TracedEvent(track: track, record: record))
      budget -= 1
    }
    let lost = ring.dropped
    if lost != dropped { for sink in sinks { sink.lose(lost &- dropped, of: track, at: clock) } }
    dropped = lost
  }

  private func sleep() {
    var event = pollfd(fd: wake.number, events: Int16(POLLIN), revents: 0)
    // One entry, as told.
    _ = unsafe poll(&event, 1, Self.pause)
    wake.take()
  }
}
