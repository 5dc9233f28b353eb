import FoundationEssentials
import Glibc
import Hypervisor
import ProcessSupport
import Testing

@testable import swiftvm

@Suite(.program) struct BenchProcessTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private static let quick = ["bench", "exits", "--samples", "20", "--repetitions", "2"]

  @Test func `the kinds are listed with what they are`() async throws {
    let outcome = try await SwiftVMProgram.run(["bench", "exits", "--list"])
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.map { $0.prefix { $0 != " " } } == ExitKind.allCases.map { $0.rawValue[...] })
    for (line, kind) in zip(lines, ExitKind.allCases) { #expect(line.hasSuffix(kind.summary)) }
  }

  // MARK: Results

  @Test(.kvm, .enabled(if: InstalledPrograms.include("xmllint"), "needs libxml2-utils"))
  func `text, JSON, CSV and drawing tell the same`() async throws {
    let files = ["--json", scratch("r.json"), "--csv", scratch("r.csv"), "--plot", scratch("r.svg")]
    let outcome = try await SwiftVMProgram.run(
      Self.quick + ["port-write", "vcpu-creation", "cpuid"] + files)
    try #require(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.error == "")
    let report = try BenchReport(json: scratch.content("r.json"), name: "r.json")
    #expect(report.results.map(\.kind) == [.portWrite, .vcpuCreation, .cpuid])
    #expect(report.results.allSatisfy { $0.swiftvm.count == 40 && $0.floor.count == 40 })
    #expect(report.leftOut == [])
    #expect(outcome.output == BenchText.text(report) + "\n")
    #expect(String(decoding: try scratch.content("r.csv"), as: UTF8.self) == BenchCSV.text(report))
    #expect(String(decoding: try scratch.content("r.svg"), as: UTF8.self) == BenchPlot.svg(report))
    let check = try await Program.run("xmllint", ["--noout", scratch("r.svg")])
    #expect(check.status == 0, "\(check.error)")
  }

  @Test(.kvm) func `standard output can take the JSON, which is all that it then gets`() async throws {
    let outcome = try await SwiftVMProgram.run(Self.quick + ["empty", "--json", "-"])
    #expect(try BenchReport(json: Array(outcome.output.utf8), name: "-").results.count == 1)
    #expect(outcome.error == "")
  }

  @Test(.kvm) func `a shorter result leaves nothing of the longer one before it`() async throws {
    let old = try scratch.file("r.json", Array(repeating: UInt8(ascii: "x"), count: 1 << 20))
    let outcome = try await SwiftVMProgram.run(Self.quick + ["empty", "--json", old])
    #expect(outcome.status == 0)
    #expect(try BenchReport(json: scratch.content("r.json"), name: "r.json").results.count == 1)
  }

  @Test(.kvm) func `a result is compared with an older one, which its successor may replace`() async throws {
    let path = scratch("r.json")
    for options in [["--json", path], ["--json", path, "--compare", path]] {
      let outcome = try await SwiftVMProgram.run(Self.quick + ["cpuid"] + options)
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("too few repetitions to tell") == options.contains("--compare"))
    }
  }

  @Test(.kvm) func `progress is told where it is asked for`() async throws {
    let outcome = try await SwiftVMProgram.run(Self.quick + ["cpuid", "-v"])
    #expect(outcome.error == "cpuid: repetition 1 of 2\ncpuid: repetition 2 of 2\n")
  }

  // MARK: What is wrong is told before anything is measured

  @Test(arguments: [
    (["port-raed"], "no kind of exit called port-raed", "did you mean port-read?"),
    (["--repetitions", "0"], "--repetitions 0: must be 1 to 100", "5 or more"),
    (["--repetitions", "1000000"], "--repetitions 1000000: must be 1 to 100", "5 or more"),
    (["--samples", "0"], "--samples 0: must be 1 to 1000000", "more repetitions"),
    (["--pin", "70000"], "may not run on CPU 70000", "it may on"),
    (["--pin", "x"], "\"x\" is no CPU", "--pin none"),
    (["--json", "-", "--csv", "-"], "only one of the files", "a name"),
    (["--plot", "/proc/none.svg"], "plot /proc/none.svg: ", "must exist"),
    (["--json", "/"], "result /: Is a directory", "name a file in it"),
    (["--compare", "/none.json"], "result /none.json: No such file", "check the path"),
    (
      ["--compare", "/dev/null"], "/dev/null: is not what `swiftvm bench exits --json` writes", "--json FILE"
    ),
    (["--repetitions", "x"], "--repetitions", "`swiftvm bench exits --help`"),
  ])
  func `bad arguments`(arguments: [String], error: String, hint: String) async throws {
    let kept = try scratch.file("kept.json", Array("kept".utf8))
    let outcome = try await SwiftVMProgram.run(
      ["bench", "exits"] + arguments + (arguments.contains("--json") ? [] : ["--json", kept]))
    expectFailure(outcome, status: 2, error: error, hint: hint)
    #expect(try scratch.content("kept.json") == Array("kept".utf8))
  }

  @Test func `a result of another form is refused`() async throws {
    let old = try scratch.file(
      "old.json", Array("{\"format\": \"swiftvm bench exits\", \"version\": 99}".utf8))
    let outcome = try await SwiftVMProgram.run(["bench", "exits", "--compare", old])
    expectFailure(
      outcome, status: 2, error: "is of form 99, and this swiftvm reads form 1", hint: "--json FILE")
  }

  @Test(.mountNamespace) func `without /dev/kvm nothing is measured`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      "export vm; exec unshare -rm bash -c 'mount -t tmpfs none /dev; $vm bench exits'")
    expectFailure(outcome, status: 4, error: "/dev/kvm: No such file", hint: "load kvm_intel or kvm_amd")
  }
}
