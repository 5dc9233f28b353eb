import Testing

@testable import Devices
@testable import Hypervisor
@testable import swiftvm

struct OpenMetricsTests {
  private let sample = MetricsSample(
    reports: [
      ExitReport(
        vcpu: 0, elapsed: 2e9,
        reasons: [.init(reason: .portWrite, count: 10, total: 5e6, median: 400, percentile99: 1000)],
        places: [
          .init(
            reason: .portWrite, address: 0x3F8, device: "COM1", register: "THR/DLL", count: 6, total: 3e6),
          .init(
            reason: .portWrite, address: 0x3F9, device: "COM1", register: "IER/DLM", count: 3, total: 1e6),
          .init(reason: .portWrite, address: 0x80, device: nil, register: nil, count: 1, total: 1e6),
        ], otherPlaces: 0, kernel: [KVMStatistic(name: "exits", value: 77)])
    ],
    disks: [
      (
        "a \"quoted\" \\ name\n",
        .init(
          reads: 1, writes: 2, others: 3, bytesRead: 512, bytesWritten: 1024, failures: 0, refusals: 4)
      )
    ],
    serial: .init(bytesIn: 5, bytesOut: 6))

  private var lines: [String] { OpenMetrics(sample).text.split(separator: "\n").map(String.init) }

  @Test func `each number is in it, under its family's name`() {
    for line in [
      #"swiftvm_vcpu_seconds_total{vcpu="0"} 2.0"#,
      #"swiftvm_vcpu_exit_seconds_count{vcpu="0",reason="port write"} 10"#,
      #"swiftvm_vcpu_exit_seconds_sum{vcpu="0",reason="port write"} 0.005"#,
      #"swiftvm_vcpu_exit_seconds{vcpu="0",reason="port write",quantile="0.99"} 1e-06"#,
      #"swiftvm_device_exits_total{vcpu="0",device="COM1",reason="port write"} 9"#,
      #"swiftvm_device_exits_total{vcpu="0",device="nobody",reason="port write"} 1"#,
      #"swiftvm_kvm_vcpu{vcpu="0",statistic="exits"} 77"#,
      #"swiftvm_disk_requests_total{disk="a \"quoted\" \\ name\n",operation="write"} 2"#,
      #"swiftvm_serial_bytes_total{direction="out"} 6"#,
    ] { #expect(lines.contains(line), "\(line)") }
  }

  @Test func `the text has the form that OpenMetrics asks for`() throws {
    expectOpenMetrics(OpenMetrics(sample).text)
    expectOpenMetrics(OpenMetrics(MetricsSample(reports: [], disks: [], serial: nil)).text)
  }
}

/// Checks what the specification (OpenMetrics 1.0, text format) says of any exposition.
func expectOpenMetrics(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(text.hasSuffix("# EOF\n"), sourceLocation: sourceLocation)
  let suffixes = ["counter": ["_total"], "summary": ["", "_count", "_sum"], "unknown": [""]]
  var (family, type, seen) = ("", "", Set<String>())
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  #expect(lines.count { $0 == "# EOF" } == 1, sourceLocation: sourceLocation)
  for line in lines.dropLast() {
    let words = line.split(separator: " ").map(String.init)
    switch words.prefix(2) {
    case ["#", "TYPE"]:
      (family, type) = (words[2], words[3])
      // A family's lines stand together.
      #expect(seen.insert(family).inserted, "\(line)", sourceLocation: sourceLocation)
    case ["#", "UNIT"]:
      #expect(words[2] == family && family.hasSuffix("_\(words[3])"), sourceLocation: sourceLocation)
    case ["#", "HELP"]:
      #expect(words[2] == family && words.count > 3, sourceLocation: sourceLocation)
    default:
      let sample = line.wholeMatch(of: /([a-z_]+)\{([a-z]+="([^"\\]|\\["\\n])*",?)+\} [0-9.e+-]+/)
      let name = sample.map { String($0.1) } ?? ""
      #expect(
        suffixes[type]?.contains { name == family + $0 } == true, "\(line)", sourceLocation: sourceLocation)
    }
  }
}
