internal import Devices
internal import Hypervisor
internal import Synchronization
internal import SystemPackage

/// Watches the first machine's boot and draws it: some seconds after init began, or when the machine ends.
final class BootChart: TraceSink {
  private struct State: ~Copyable {
    /// On the monotonic clock, in nanoseconds.
    var load: Range<UInt64>?
    var run: UInt64?
    var end: UInt64?
    /// Of the first exit at a kernel address; ticks.
    var kernel: UInt64?
    var exits = ExitTimeline()
    /// Records that found no room, most of them exits.
    var lost: UInt64 = 0
    var clock: TraceClock?
    var isDrawn = false
  }

  let marks = BootMarks()
  private let file: OutputFile
  /// When swiftvm began, on the monotonic clock.
  private let start: UInt64
  private let state = Mutex(State())

  /// Nanoseconds that the picture shows of init, if the machine lives so long.
  private static let rest: UInt64 = 3_000_000_000

  init(_ file: consuming OutputFile, start: UInt64) {
    self.file = file
    self.start = start
  }

  /// The vCPUs are about to run.
  func begin(_ machine: Machine) {
    let now = HostClock().monotonicNanoseconds
    state.withLock { state in
      guard state.run == nil else { return }
      state.load = machine.kernelLoading
      state.run = now
    }
  }

  /// The first machine has ended.
  func machineEnded() {
    let now = HostClock().monotonicNanoseconds
    state.withLock { state in if state.end == nil { state.end = now } }
  }

  func take(_ events: [TracedEvent], at clock: TraceClock) {
    state.withLock { state in
      state.clock = clock
      guard !state.isDrawn else { return }
      for event in events where event.record.kind == .exit {
        let time = self.time(event.record.start, clock)
        if let end = state.end, time > end - start { continue }
        state.exits.note(TracedExit.parts(event.record.detail).reason, at: time)
        // Bit 63: the upper half of the address space.
        if state.kernel == nil, event.record.third >> 63 == 1 { state.kernel = event.record.start }
      }
    }
  }

  func lose(_ count: UInt64, of track: TraceTrack, at clock: TraceClock) {
    state.withLock { state in if !state.isDrawn { state.lost += count } }
  }

  func rest() {
    state.withLock { state in
      guard let clock = state.clock else { return }
      let now = HostClock().monotonicNanoseconds - start
      let isOver =
        state.end != nil || (marks.initBegin != 0 && now > time(marks.initBegin, clock) + Self.rest)
      if isOver { draw(&state) }
    }
  }

  func end() {
    state.withLock { draw(&$0) }
  }

  /// Nanoseconds from swiftvm's beginning to a tick.
  private func time(_ ticks: UInt64, _ clock: TraceClock) -> UInt64 {
    clock.nanoseconds(at: ticks) + clock.originNanoseconds - min(start, clock.originNanoseconds)
  }

  private func draw(_ state: inout State) {
    guard !state.isDrawn, let clock = state.clock else { return }
    state.isDrawn = true
    func heard(_ ticks: UInt64) -> UInt64? { ticks == 0 ? nil : time(ticks, clock) }
    let end = state.end ?? HostClock().monotonicNanoseconds
    let marks = BootPhases.Marks(
      load: state.load.map { $0.lowerBound - start }, finish: state.load.map { $0.upperBound - start },
      run: state.run.map { $0 - start }, kernel: state.kernel.map { time($0, clock) },
      output: heard(self.marks.firstByte), initialise: heard(self.marks.initBegin), end: end - start)
    write(BootPicture(BootPhases(marks), state.exits, lost: state.lost).svg)
  }

  private func write(_ svg: String) {
    var rest = Array(svg.utf8)[...]
    do throws(Errno) {
      while !rest.isEmpty {
        let count = try file.write(rest)
        guard count > 0 else { throw .wouldBlock }
        rest = rest.dropFirst(count)
      }
    } catch {
      file.cut(to: 0)
      StandardError.warn("boot chart \(file.path): \(error): it is not drawn, the guest goes on")
    }
  }
}
