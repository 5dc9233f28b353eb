/// Where the results go besides the terminal. Opened before anything is measured; what was in a file stays until there
/// is something to put in its place.
struct BenchFiles: ~Copyable {
  private let json: ResultFile?
  private let csv: ResultFile?
  private let plot: ResultFile?
  /// Whether standard output is one of the files, and so no place for text.
  let takeStandardOutput: Bool

  init(json: String?, csv: String?, plot: String?) throws(Failure) {
    let onOutput = [json, csv, plot].filter { $0 == "-" }.count
    guard onOutput <= 1 else {
      throw Failure(.usage, "standard output can be only one of the files", hint: "give the others a name")
    }
    let jsonFile = try Self.open(json, what: "result")
    let csvFile = try Self.open(csv, what: "table")
    let plotFile = try Self.open(plot, what: "plot")
    takeStandardOutput = onOutput > 0
    self.json = jsonFile
    self.csv = csvFile
    self.plot = plotFile
  }

  private static func open(_ path: String?, what: String) throws(Failure) -> ResultFile? {
    guard let path else { return nil }
    return try ResultFile(path, what: what)
  }

  func write(_ report: BenchReport) throws(Failure) {
    try json?.write(JSONText.of(report) + "\n")
    try csv?.write(BenchCSV.text(report))
    try plot?.write(BenchPlot.svg(report))
  }
}
