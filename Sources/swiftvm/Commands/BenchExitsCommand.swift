internal import ArgumentParser
internal import CLinux
internal import Hypervisor
internal import SystemPackage

struct BenchExitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exits", abstract: "Measure what it costs to leave a guest, beside a bare loop in C.",
    usage: "swiftvm bench exits [<kind> ...] <options>",
    discussion: """
      swiftvm bench exits
      swiftvm bench exits port-read mmio-read --repetitions 20 --json old.json
      swiftvm bench exits --compare old.json --plot exits.svg
      """)

  @Argument(help: ArgumentHelp("What to measure (all that --list shows)", valueName: "kind"))
  var kinds: [String] = []

  @Option(help: ArgumentHelp("How often each side is run, in turns: 1 to 100", valueName: "n"))
  var repetitions = 5

  @Option(
    help: ArgumentHelp("Samples in a repetition: 1 to 1000000 (as is usual for the kind)", valueName: "n"))
  var samples: Int?

  @Option(
    help: ArgumentHelp(
      "CPUs for the threads, the guest's first; or none (those allowed)", valueName: "cpu,..."))
  var pin: String?

  @Option(help: ArgumentHelp("Write the result as JSON; - is standard output", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Write the result as CSV; - is standard output", valueName: "file"))
  var csv: String?

  @Option(help: ArgumentHelp("Draw the result as SVG", valueName: "file"))
  var plot: String?

  @Option(help: ArgumentHelp("Compare with a result that --json wrote", valueName: "file"))
  var compare: String?

  @Flag(help: "Show the kinds and what they are")
  var list = false

  @Flag(name: .shortAndLong, help: "Tell what is done, at a terminal or not")
  var verbose = false

  func run() throws {
    let kinds = try BenchOptions.kinds(kinds)
    if list { return print(ListCommand.table(kinds.map { [$0.rawValue, $0.summary] })) }
    let bench = ExitBench(
      kinds: kinds, repetitions: try BenchOptions.repetitions(repetitions),
      samples: try samples.map { samples throws(Failure) in try BenchOptions.samples(samples) },
      cpus: try BenchOptions.cpus(pin, allowed: ExitBench.allowedCPUs))
    // All that can go wrong does so now, and not when an hour has been measured.
    let old = try compare.map { path throws(Failure) in try BenchReport(path: path) }
    let files = try BenchFiles(json: json, csv: csv, plot: plot)
    let kvm = try HostKVM.open()

    let progress = BenchProgress(isVerbose: verbose, repetitions: repetitions)
    let outcome: ExitBench.Outcome
    do throws(Errno) {
      outcome = try bench.run(on: kvm) { progress.tell($0) }
    } catch {
      throw Failure(.hostNotAble, "a thread of the benchmark: \(error)", hint: error.shortageHint)
    }
    progress.finish()

    let report = BenchReport(outcome, of: bench, host: .ofThisHost())
    guard !report.results.isEmpty else {
      let reasons = report.leftOut.map { "\($0.kind.rawValue): \($0.reason)" }.joined(separator: "; ")
      throw Failure(
        .hostNotAble, "nothing could be measured: \(reasons)", hint: "`swiftvm doctor` tells what is missing")
    }
    let comparison = old.map { BenchComparison(old: $0, new: report) }
    if !files.takeStandardOutput {
      print(BenchText.text(report))
      if let comparison { print("\n" + BenchText.text(comparison)) }
    } else if let comparison {
      StandardError.line(BenchText.text(comparison))
    }
    try files.write(report)
  }
}
