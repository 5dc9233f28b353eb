internal import Devices
internal import Hypervisor

/// Turns records into events of the Chrome trace format, each an object on one line.
struct TraceEvents {
  private let trace: Trace
  private var line = JSONLine()
  /// What the requests under way are, by device, queue and number.
  private var requests: [Request: String] = [:]

  private struct Request: Hashable {
    let device: UInt16
    let queue: UInt32
    let number: UInt64
  }

  init(_ trace: Trace) {
    self.trace = trace
  }

  static let process: UInt64 = 1

  /// The name of the process, which is the machine.
  mutating func process(_ name: String) -> [UInt8] {
    named("process_name", name, of: nil)
  }

  /// The name of a track, which comes before its first event.
  mutating func track(_ track: TraceTrack) -> [UInt8] {
    named("thread_name", track.name, of: track)
  }

  private mutating func named(_ what: String, _ name: String, of track: TraceTrack?) -> [UInt8] {
    line.clear()
    line.object {
      $0.member("name", what)
      $0.member("ph", "M")
      $0.member("pid", Self.process)
      if let track { $0.member("tid", Self.thread(track)) }
      $0.object("args") { $0.member("name", name) }
    }
    return line.bytes
  }

  /// Viewers take 0 for the process.
  private static func thread(_ track: TraceTrack) -> UInt64 { UInt64(track.number) + 1 }

  /// Records that found no room.
  mutating func dropped(_ count: UInt64, of track: TraceTrack, at nanoseconds: UInt64) -> [UInt8] {
    begin("dropped \(count) events", "dropped", "i", track, nanoseconds) {
      $0.member("s", "t")
      $0.object("args") { $0.member("count", count) }
    }
  }

  mutating func event(
    _ record: TraceRecord, of track: TraceTrack, at clock: TraceClock, on buses: BusPlaces?
  ) -> [UInt8] {
    let time = clock.nanoseconds(at: record.start)
    let device = trace.device(record.device) ?? "device"
    switch record.kind {
    case .exit: return exit(record, of: track, time, clock.duration(record.duration), buses)
    case .served:
      return begin("serve \(device)", "queue", "X", track, time) {
        $0.microseconds("dur", clock.duration(record.duration))
        $0.object("args") {
          $0.member("device", device)
          $0.member("queue", UInt64(record.number))
          if record.first > 0 { $0.member("count", record.first) }
        }
      }
    case .interrupt, .line:
      return begin("interrupt \(device)", "interrupt", "i", track, time) {
        $0.member("s", "t")
        $0.object("args") {
          $0.member("device", device)
          let isLine = record.kind == .line
          if !isLine { $0.member("queue", UInt64(record.number)) }
          let gsi = isLine ? UInt64(record.number) : record.first
          // All ones: by the pin, which several devices share.
          if gsi == .max { $0.member("by", "pin") } else { $0.member("gsi", gsi) }
        }
      }
    case .requestBegin, .requestEnd: return request(record, device, of: track, time)
    }
  }

  private mutating func exit(
    _ record: TraceRecord, of track: TraceTrack, _ time: UInt64, _ duration: UInt64, _ buses: BusPlaces?
  ) -> [UInt8] {
    let (reason, width) = TracedExit.parts(record.detail)
    let meaning = reason.hasPlace ? buses?.meaning(of: record.first, reason, width: width) : nil
    let place = reason.hasPlace ? [meaning?.device ?? "nobody", meaning?.register].compactMap { $0 } : []
    return begin(([reason.name] + place).joined(separator: " "), "exit", "X", track, time) {
      $0.microseconds("dur", duration)
      $0.object("args") {
        $0.member("reason", reason.name)
        if reason.hasPlace {
          if let device = meaning?.device { $0.member("device", device) }
          if let register = meaning?.register { $0.member("register", register) }
          $0.hexadecimal("address", record.first)
          $0.member("width", UInt64(width))
          if record.number > 1 { $0.member("count", UInt64(record.number)) }
          // What is past the access is left over from another one.
          let mask = width < 8 ? (UInt64(1) << UInt64(8 * width)) - 1 : .max
          $0.hexadecimal("value", record.second & mask)
        }
        if record.third != 0 { $0.hexadecimal("rip", record.third) }
      }
    }
  }

  private mutating func request(
    _ record: TraceRecord, _ device: String, of track: TraceTrack, _ time: UInt64
  ) -> [UInt8] {
    let key = Request(device: record.device, queue: record.number, number: record.third)
    let isBegin = record.kind == .requestBegin
    let name = isBegin ? Self.operation(record.detail) : requests.removeValue(forKey: key) ?? "request"
    if isBegin { requests[key] = name }
    return begin(name, device, isBegin ? "b" : "e", track, time) {
      $0.member("id", "\(device).\(record.number).\(record.third)")
      $0.object("args") {
        $0.member("device", device)
        $0.member("queue", UInt64(record.number))
        if isBegin {
          $0.member("sector", record.first / 512)
          $0.member("bytes", record.second)
        } else {
          $0.member("status", Self.status(record.detail))
        }
      }
    }
  }

  private mutating func begin(
    _ name: String, _ category: String, _ phase: String, _ track: TraceTrack, _ time: UInt64,
    _ more: (inout JSONLine) -> Void
  ) -> [UInt8] {
    line.clear()
    line.object {
      $0.member("name", name)
      $0.member("cat", category)
      $0.member("ph", phase)
      $0.member("pid", Self.process)
      $0.member("tid", Self.thread(track))
      $0.microseconds("ts", time)
      more(&$0)
    }
    return line.bytes
  }

  private static func operation(_ detail: UInt8) -> String {
    switch DiskRequest.Operation(rawValue: detail) {
    case .read: "read"
    case .write, .stableWrite: "write"
    case .flush: "flush"
    case .discard: "discard"
    case .writeZeroes, .unmapZeroes, .stableWriteZeroes, .stableUnmapZeroes: "write zeroes"
    case nil: "identify"
    }
  }

  /// Virtio 1.2 section 5.2.6.
  private static func status(_ detail: UInt8) -> String {
    switch detail {
    case 0: "ok"
    case 1: "I/O error"
    default: "unsupported"
    }
  }
}
