internal import CLinux
internal import Devices
internal import SystemPackage

/// Where the results go besides the terminal. Opened before anything is measured; what was in a file stays until there
/// is something to put in its place.
struct BenchFiles: ~Copyable {
  private let json: OutputFile?
  private let csv: OutputFile?
  private let plot: OutputFile?
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

  private static func open(_ path: String?, what: String) throws(Failure) -> OutputFile? {
    guard let path else { return nil }
    return try OutputFile(path, what: what)
  }

  func write(_ report: BenchReport) throws(Failure) {
    try json?.write(JSONText.of(report) + "\n")
    try csv?.write(BenchCSV.text(report))
    try plot?.write(BenchPlot.svg(report))
  }
}

/// A file that is written whole, later.
struct OutputFile: ~Copyable {
  private let file: OwnedDescriptor
  private let name: String

  /// - Parameter path: `-` is standard output.
  init(_ path: String, what: String) throws(Failure) {
    name = path == "-" ? "standard output" : "\(what) \(path)"
    do throws(Errno) {
      file =
        path == "-"
        ? try OwnedDescriptor(result: clinux_duplicate(STDOUT_FILENO))
        : try OwnedDescriptor.open(path, O_WRONLY | O_CREAT, mode: 0o666)
    } catch {
      throw Failure(
        error.isShortage ? .hostNotAble : .usage, "\(name): \(error)",
        hint: error.shortageHint ?? "name a file in a folder that you may write to")
    }
  }

  /// Puts `text` in the place of what was there.
  func write(_ text: String) throws(Failure) {
    // A pipe or terminal has nothing to be cut off.
    _ = ftruncate(file.number, 0)
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      // The slice is as long as told.
      let count = unsafe bytes[written...].withUnsafeBytes {
        unsafe CLinux.write(file.number, $0.baseAddress, $0.count)
      }
      guard count >= 0 else {
        let error = Errno(rawValue: clinux_errno())
        if error == .interrupted { continue }
        throw Failure(.hostNotAble, "\(name): \(error)", hint: "make room, or name a file elsewhere")
      }
      written += count
    }
  }
}
