internal import FoundationEssentials
internal import SystemPackage

/// Samples in a file, a line of JSON each. A reader who is slow misses some, and a file that takes no more ends it;
/// the guest is not held up by either.
final class MetricsFile {
  private let file: OutputFile
  private var isOpen = true
  /// What of the last sample waits.
  private var pending: ArraySlice<UInt8> = []
  private var skipped = 0

  init(_ path: String) throws(Failure) {
    file = try OutputFile(path, option: "--metrics")
  }

  func write(_ sample: MetricsSample) {
    guard isOpen else { return }
    flush()
    guard pending.isEmpty else {
      skipped += 1
      return
    }
    var sample = sample
    sample.skipped = skipped
    pending = Self.line(sample)[...]
    skipped = 0
    flush()
  }

  private func flush() {
    do throws(Errno) {
      while !pending.isEmpty {
        let count = try file.write(pending)
        if count == 0 { return }
        pending = pending.dropFirst(count)
      }
    } catch {
      isOpen = false
      StandardError.warn("metrics \(file.path): \(error): no more are written, the guest goes on")
    }
  }

  private static func line(_ sample: MetricsSample) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Numbers that are finite and strings always encode.
    return ((try? encoder.encode(sample)).map(Array.init) ?? Array("{}".utf8)) + [UInt8(ascii: "\n")]
  }
}
