import Hypervisor
import Testing

@testable import swiftvm

struct BenchReportTests {
  @Test func `a result comes back from its JSON as it was`() throws {
    let report = try BenchReport.made([.portRead, .vmCreation], notes: ["noisy: it was"])
    #expect(try BenchReport(json: Array(JSONText.of(report).utf8), name: "result.json") == report)
  }

  private func error(_ json: String) -> Failure? {
    #expect(throws: Failure.self) { try BenchReport(json: Array(json.utf8), name: "old.json") }
  }

  @Test(arguments: ["", "{}", "[1]", "no JSON", #"{"format": "something else", "version": 1}"#])
  func `what is no result is refused`(json: String) {
    #expect(error(json)?.message == "result old.json: is not what `swiftvm bench exits --json` writes")
    #expect(error(json)?.status == .usage)
  }

  @Test func `a result of another form is refused, and both forms are named`() throws {
    let json = JSONText.of(try BenchReport.made()).split(separator: "\n").map { line in
      line.contains("\"version\"") ? "\"version\" : 0" : String(line)
    }.joined(separator: "\n")
    #expect(error(json)?.message == "result old.json: is of form 0, and this swiftvm reads form 1")
    #expect(error(json)?.hint?.contains("--json FILE") == true)
  }

  @Test(arguments: ["\"kind\"", "\"ticksPerSecond\"", "\"p50\"", "\"repetitions\""])
  func `a damaged result is refused`(key: String) throws {
    let json = JSONText.of(try BenchReport.made()).split(separator: key).joined(separator: "\"other\"")
    #expect(error(json)?.message == "result old.json: is damaged")
  }

  @Test func `a clock that stands still is damage`() throws {
    let json = JSONText.of(try BenchReport.made()).split(separator: ": 1000000000").joined(separator: ": 0")
    #expect(error(json)?.message == "result old.json: is damaged")
  }
}
