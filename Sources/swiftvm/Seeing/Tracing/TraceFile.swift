internal import Devices
internal import Hypervisor
internal import Synchronization
internal import SystemPackage

/// A trace in a file, in the Chrome trace format: an array of events, each on a line. A file whose end is missing
/// lacks its closing bracket, which viewers do not mind.
///
/// What the file does not take ends the file, and one line says so; the guest goes on.
final class TraceFile: TraceSink {
  private struct State: ~Copyable {
    var events: TraceEvents
    /// The tracks that were named.
    var named: Set<Int> = []
    /// What waits to be written.
    var pending: [UInt8] = []
    var written: UInt64 = 0
    var isOpen = true
  }

  private let file: OutputFile
  private let limit: UInt64
  private let state: Mutex<State>
  /// Of a lock of its own: the other one is held while a file is waited for.
  private let buses = Mutex<BusPlaces?>(nil)

  /// Bytes that are written at once.
  private static let chunk = 1 << 16
  private static let closing = Array("\n]\n".utf8)

  /// - Parameters:
  ///   - name: the machine's.
  ///   - limit: the file's size in bytes, at which tracing ends.
  init(_ file: consuming OutputFile, limit: UInt64, trace: Trace, name: String) {
    self.file = file
    self.limit = limit
    var events = TraceEvents(trace)
    let first = Array("[\n".utf8) + events.process(name)
    state = Mutex(State(events: events, pending: first))
  }

  /// What addresses mean from here on.
  func attach(_ buses: BusPlaces?) {
    self.buses.withLock { $0 = buses }
  }

  func take(_ events: [TracedEvent], at clock: TraceClock) {
    let buses = buses.withLock { $0 }
    state.withLock { state in
      for event in events where state.isOpen {
        name(event.track, &state)
        let line = state.events.event(event.record, of: event.track, at: clock, on: buses)
        append(line, &state)
      }
    }
  }

  func lose(_ count: UInt64, of track: TraceTrack, at clock: TraceClock) {
    state.withLock { state in
      name(track, &state)
      let line = state.events.dropped(count, of: track, at: clock.nanoseconds(at: TraceWriter.ticks))
      append(line, &state)
    }
  }

  /// A track's name comes before its first event.
  private func name(_ track: TraceTrack, _ state: inout State) {
    guard state.named.insert(track.number).inserted else { return }
    let line = state.events.track(track)
    append(line, &state)
  }

  func rest() {
    state.withLock { write(&$0) }
  }

  func end() {
    state.withLock { state in
      guard state.isOpen else { return }
      state.pending += Self.closing
      write(&state)
      state.isOpen = false
    }
  }

  private func append(_ line: [UInt8], _ state: inout State) {
    guard state.isOpen else { return }
    let size = state.written + UInt64(state.pending.count + line.count + 2 + Self.closing.count)
    guard size <= limit else {
      state.pending += Self.closing
      write(&state)
      return stop(&state, "it has reached \(MemorySize(bytes: limit)) (--trace-limit)")
    }
    state.pending += ",\n".utf8
    state.pending += line
    if state.pending.count >= Self.chunk { write(&state) }
  }

  /// Writes what waits, whole events.
  private func write(_ state: inout State) {
    guard state.isOpen else { return }
    var rest = state.pending[...]
    var patience = 5
    do throws(Errno) {
      while !rest.isEmpty {
        let count = try file.write(rest)
        rest = rest.dropFirst(count)
        if count > 0 { continue }
        // A reader who does not read: the rings run full meanwhile, and the guest goes on.
        guard patience > 0 else { throw .wouldBlock }
        patience -= 1
        file.waitForRoom(milliseconds: 1000)
      }
      state.written += UInt64(state.pending.count)
      state.pending.removeAll(keepingCapacity: true)
    } catch {
      close(behind: state.pending.prefix(state.pending.count - rest.count), after: state.written)
      stop(&state, error == .wouldBlock ? "nobody reads it" : "\(error)")
    }
  }

  /// Ends a file that took only `part`, behind its last whole event where that is possible.
  private func close(behind part: ArraySlice<UInt8>, after written: UInt64) {
    // Where a comma follows; it is not known what would have followed the last byte.
    var end = max(part.endIndex - 1, part.startIndex)
    while end > part.startIndex, part[end] != UInt8(ascii: ",") || part[end - 1] != UInt8(ascii: "}") {
      end -= 1
    }
    guard written > 0 || end > part.startIndex else { return }
    file.cut(to: written + UInt64(end - part.startIndex))
    _ = try? file.write(Self.closing[...])
  }

  private func stop(_ state: inout State, _ why: String) {
    guard state.isOpen else { return }
    state.isOpen = false
    state.pending = []
    StandardError.warn("trace \(file.path): \(why): tracing has ended, the guest goes on")
  }
}
