/// Events of a trace as lines that people read.
struct TraceText {
  /// What is shown; nil: whatever it is.
  struct Filter: Equatable {
    var vcpu: Int?
    var reason: String?
    var device: String?
    /// Seconds.
    var since: Double?
    var until: Double?
  }

  private let filter: Filter
  /// The tracks' names.
  private var tracks: [UInt64: String] = [:]
  /// Those of events, as far as somebody may want to read them.
  private var devices: Set<String> = []
  private var isAnythingShown = false
  /// Seconds.
  private var end = 0.0

  init(_ filter: Filter) {
    self.filter = filter
  }

  /// The line of an event; nil: there is nothing to show.
  mutating func line(_ event: TraceEvent) -> String? {
    if event.ph == "M" {
      if event.name == "thread_name", let thread = event.tid { tracks[thread] = event.args?.name }
      return nil
    }
    let track = event.tid.flatMap { tracks[$0] } ?? "?"
    let seconds = (event.ts ?? 0) / 1e6
    end = max(end, seconds)
    if let device = event.args?.device, devices.count < Self.mostDevices { devices.insert(device) }
    guard isWanted(event, track, seconds) else { return nil }
    isAnythingShown = true
    let what = [event.name, Self.phase(event)].compactMap { $0 }.joined(separator: " ")
    let cells = [Self.time(seconds), Self.padded(track, 16), Self.padded(what, 34), Self.details(event)]
    return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
  }

  /// As many as a machine can have, and more than a line should hold.
  private static let mostDevices = 64

  /// What to tell of `trace`, whose events have all been read, where none of them was shown.
  func complaint(about trace: String) -> Failure? {
    guard !isAnythingShown, filter != Filter() else { return nil }
    let cpus = tracks.values.compactMap { $0.hasPrefix("vcpu-") ? Int($0.dropFirst(5)) : nil }.sorted()
    if let vcpu = filter.vcpu, !cpus.contains(vcpu) {
      return Failure(
        .usage, "trace \(trace) has no vCPU \(vcpu)",
        hint: cpus.isEmpty
          ? "it has no event of any vCPU"
          : "its vCPUs are \(cpus.prefix(Self.mostDevices).map(String.init).joined(separator: ", "))")
    }
    if let device = filter.device, !devices.contains(where: { $0.lowercased() == device.lowercased() }) {
      return Failure(
        .usage, "trace \(trace) has no event of a device \(device)",
        hint: devices.isEmpty
          ? "it has no event of any device" : "its devices are \(devices.sorted().joined(separator: ", "))")
    }
    return Failure(
      .usage, "trace \(trace) has no such event",
      hint: "it ends at second \(Self.time(end).drop { $0 == " " }); leave out what narrows it down")
  }

  private func isWanted(_ event: TraceEvent, _ track: String, _ seconds: Double) -> Bool {
    if let vcpu = filter.vcpu, track != "vcpu-\(vcpu)" { return false }
    if let reason = filter.reason, event.args?.reason?.lowercased() != reason.lowercased() { return false }
    if let device = filter.device, event.args?.device?.lowercased() != device.lowercased() { return false }
    if let since = filter.since, seconds < since { return false }
    if let until = filter.until, seconds > until { return false }
    return true
  }

  private static func phase(_ event: TraceEvent) -> String? {
    switch event.ph {
    case "b": "begins"
    case "e": "ends"
    default: nil
    }
  }

  private static func details(_ event: TraceEvent) -> String {
    let args = event.args ?? TraceEvent.Arguments()
    var words: [String] = []
    func add(_ name: String, _ value: (some CustomStringConvertible)?) {
      if let value { words.append("\(name) \(value)") }
    }
    if let address = args.address { words.append("\(address)\(args.value.map { " = \($0)" } ?? "")") }
    if let width = args.width, width > 0 { words.append("\(width) byte\(width == 1 ? "" : "s")") }
    add("count", args.count)
    add("request", event.id)
    add("queue", args.queue)
    add("sector", args.sector)
    add("bytes", args.bytes)
    add("status", args.status)
    add("gsi", args.gsi)
    add("by", args.by)
    add("rip", args.rip)
    if let duration = event.dur { words.append(ExitStatisticsText.duration(clamped(duration * 1000))) }
    return words.joined(separator: ", ")
  }

  /// Seconds with six digits behind the point.
  private static func time(_ seconds: Double) -> String {
    let microseconds = Int(clamped(seconds * 1e6))
    let fraction = String(microseconds % 1_000_000)
    let whole = String(microseconds / 1_000_000)
    return padding(5 - whole.count) + whole + "." + String(repeating: "0", count: 6 - fraction.count)
      + fraction
  }

  /// What a file says may be any number; this one can be counted with.
  private static func clamped(_ value: Double) -> Double { value > 0 ? min(value, 1e15) : 0 }

  private static func padded(_ text: String, _ width: Int) -> String { text + padding(width - text.count) }

  private static func padding(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
