internal import ArgumentParser
internal import CLinux

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Tell what this host can do, and how to mend what it cannot.",
    discussion: """
      swiftvm doctor
      swiftvm doctor --json
      swiftvm doctor --report
      Ends with status 0 where a stock kernel can be booted, else 4.
      """)

  @Flag(help: "Print the findings as JSON")
  var json = false

  @Flag(help: "Print what a report about swiftvm needs, and nothing private")
  var report = false

  func run() throws {
    guard !json || !report else {
      throw Failure(.usage, "both --report and --json given", hint: "give one of the two")
    }
    let examination = Examination.ofThisHost()
    print(
      report
        ? HostReport.ofThisHost(examination).text : json ? Self.json(examination) : Self.text(examination))
    // Everything has been said: no error line on top.
    if !examination.isAble { CLinux.exit(ExitStatus.hostNotAble.rawValue) }
  }

  static func text(_ examination: Examination) -> String {
    let width = examination.findings.map(\.name.count).max() ?? 0
    var lines: [String] = []
    for finding in examination.findings {
      let status = pad(finding.status.rawValue, to: 8)
      lines.append("\(status) \(pad(finding.name, to: width))  \(finding.detail)")
      if let remedy = finding.remedy { lines.append(pad("", to: width + 11) + "-> \(remedy)") }
    }
    lines.append(
      examination.isAble ? "Stock kernels can be booted here." : "Stock kernels cannot be booted here.")
    return lines.joined(separator: "\n")
  }

  static func json(_ examination: Examination) -> String {
    struct Document: Encodable {
      let able: Bool
      let findings: [Finding]
    }
    return JSONText.of(Document(able: examination.isAble, findings: examination.findings))
  }

  private static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
