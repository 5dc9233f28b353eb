internal import CLinux
internal import Devices
internal import SystemPackage

/// What else the machine did while something was measured.
struct NoiseMeter {
  private let switches: Int
  private let ticks: [UInt64]

  init() {
    switches = Self.involuntarySwitches
    ticks = Self.cpuTicks()
  }

  /// What happened since this was made that made the numbers less certain.
  ///
  /// - Parameter medians: of the repetitions.
  func notes(medians: [UInt64]) -> [String] {
    Self.notes(
      switches: Self.involuntarySwitches - switches, before: ticks, after: Self.cpuTicks(), medians: medians)
  }

  /// - Parameters:
  ///   - switches: how often the kernel took the CPU from a thread that wanted it.
  ///   - before: the first line of /proc/stat then, and `after` now: the eighth number is what the hypervisor
  ///     under this kernel took.
  static func notes(switches: Int, before: [UInt64], after: [UInt64], medians: [UInt64]) -> [String] {
    var notes: [String] = []
    if let least = medians.min(), let most = medians.max(), let middle = medians.median, middle > 0 {
      let spread = Double(most - least) / Double(middle) * 100
      if spread > 10 { notes.append("noisy: the repetitions' medians differ by \(Int(spread)) %") }
    }
    if switches > 2 * max(medians.count, 1) {
      notes.append("noisy: others had the CPU \(switches) times")
    }
    if before.count >= 8, after.count >= 8 {
      let all = zip(after, before).prefix(8).reduce(0) { $0 + ($1.0 &- $1.1) }
      let stolen = after[7] &- before[7]
      if all > 0, stolen * 100 > all {
        notes.append("noisy: an outer hypervisor had the CPUs for \(stolen * 100 / all) % of the time")
      }
    }
    return notes
  }

  private static var involuntarySwitches: Int {
    clinux_involuntary_switches()
  }

  private static func cpuTicks() -> [UInt64] {
    guard let file = try? OwnedDescriptor.open("/proc/stat", O_RDONLY) else { return [] }
    var text = [UInt8](repeating: 0, count: 512)
    // The array is as long as told.
    let count = unsafe clinux_read_at(file.number, &text, text.count, 0)
    let line = text.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }
    return String(decoding: line, as: UTF8.self).split(separator: " ").dropFirst().compactMap { UInt64($0) }
  }
}
