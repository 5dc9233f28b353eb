internal import Devices

/// Tells what is done, with the time since the start, when `--verbose` asks for it.
struct VerboseLog {
  let isOn: Bool
  private let clock = HostClock()
  /// When swiftvm began, in nanoseconds of the monotonic clock.
  let start: UInt64

  init(isOn: Bool) {
    self.isOn = isOn
    start = clock.monotonicNanoseconds
  }

  func callAsFunction(_ message: @autoclosure () -> String) {
    guard isOn else { return }
    let milliseconds = (clock.monotonicNanoseconds &- start) / 1_000_000
    let fraction = String(milliseconds % 1000)
    let padded = String(repeating: "0", count: 3 - fraction.count) + fraction
    StandardError.line("[\(milliseconds / 1000).\(padded)] \(message())")
  }
}
