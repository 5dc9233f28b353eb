internal import ArgumentParser
internal import CLinux
internal import Hypervisor

/// `swiftvm run`. The parser only lists it: the table of settings reads its words.
struct RunCommand: ParsableCommand {
  static let name = "run"

  static let configuration = CommandConfiguration(
    commandName: name, abstract: "Boot a kernel, or what the machine.json of a folder describes.")

  static let usage = """
    USAGE: swiftvm run <folder> [--trust-folder] [<option> ...]
           swiftvm run -k vmlinuz -i initrd.img -m 2G -c 2 -a "quiet ip=dhcp" -n nat
    """

  @Argument(parsing: .captureForPassthrough)
  var words: [String] = []

  func run() throws { try Self.run(words) }

  /// - Parameter words: what stands behind `run`.
  static func run(_ words: some Collection<String>) throws(Failure) {
    // Who asks for help gets it, whatever else is wrong.
    let options = words.prefix { $0 != "--" }
    if options.contains("--help") || options.contains("-h") {
      return print(SettingHelp.text(abstract: configuration.abstract, usage: usage))
    }
    let arguments = try MachineArguments(words)
    if arguments.command.isOn("version") { return print(Version.text) }
    let settings = try settings(arguments)
    let plan = try settings.plan()
    if arguments.command.isOn("dump-config") { return print(MachineSettings(plan).json()) }
    let status = try Session(plan, log: VerboseLog(isOn: arguments.command.isOn("verbose"))).run()
    // Everything has been closed and restored by now.
    if status != 0 { CLinux.exit(Int32(status)) }
  }

  /// What folder, file and flags say together.
  private static func settings(_ arguments: MachineArguments) throws(Failure) -> MachineSettings {
    let isTrusted = arguments.command.isOn("trust-folder")
    guard arguments.others.count <= 1 else {
      throw Failure(
        .usage, "\(arguments.others[1].shortened): a second folder to run",
        hint: "a word without an option is a folder; `swiftvm run --help` shows the options")
    }
    switch (arguments.others.first, arguments.command.text("config")) {
    case (let folder?, nil):
      return try MachineFolder(folder).settings(overriddenBy: arguments.machine, isTrusted: isTrusted)
    case (nil, _) where isTrusted:
      throw Failure(
        .usage, "--trust-folder without a folder to run",
        hint: "what is given as options, or with --config, is trusted anyhow")
    case (nil, let config?):
      let file = try MachineSettings.parse(
        try InputFile.contents(of: config, what: "configuration"), name: config)
      return file.overridden(by: arguments.machine)
    case (nil, nil):
      return arguments.machine
    case (let folder?, _?):
      throw Failure(
        .usage, "both the folder \(folder) and --config given",
        hint: "the folder's own \(MachineFolder.fileName) is read; flags win over it")
    }
  }
}
