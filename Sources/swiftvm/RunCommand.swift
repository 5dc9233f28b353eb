internal import ArgumentParser
internal import CLinux
internal import Hypervisor

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Boot a kernel, or what the machine.json of a folder describes.",
    // A screen has no line to spare.
    usage: """
      swiftvm run <folder> [--trust-folder] [<option> ...]
      swiftvm run -k vmlinuz -i initrd.img -m 2G -c 2 -a "quiet ip=dhcp" -n nat
      """)

  // The usage shows it.
  @Argument(help: ArgumentHelp("A folder with a machine.json", visibility: .hidden))
  var folder: String?

  @OptionGroup var options: RunOptions

  @Option(
    help: ArgumentHelp("JSON of options; flags win; --dump-config prints it", valueName: "file"))
  var config: String?

  // The usage shows it.
  @Flag(help: ArgumentHelp("The folder's machine.json may write outside it", visibility: .hidden))
  var trustFolder = false

  @Flag(help: ArgumentHelp("Print the options as JSON and end", visibility: .hidden))
  var dumpConfig = false

  @Flag(name: .shortAndLong, help: "Tell on standard error what is done, and when")
  var verbose = false

  func run() throws {
    let document = try document()
    if dumpConfig {
      print(ConfigurationFile(try document.configuration()).json())
      return
    }
    try Self.run(document, isVerbose: verbose)
  }

  /// What folder, file and flags say together.
  private func document() throws(Failure) -> ConfigurationFile {
    switch (folder, config) {
    case (let folder?, nil):
      return try MachineFolder(folder).document(
        overriddenBy: options.document, isTrusted: trustFolder)
    case (nil, _) where trustFolder:
      throw Failure(
        .usage, "--trust-folder without a folder to run",
        hint: "what is given as options, or with --config, is trusted anyhow")
    case (nil, let config?):
      let file = try ConfigurationFile.parse(
        try InputFile.contents(of: config, what: "configuration"), name: config)
      return file.overridden(by: options.document)
    case (nil, nil):
      return options.document
    case (let folder?, _?):
      throw Failure(
        .usage, "both the folder \(folder) and --config given",
        hint: "the folder's own \(MachineFolder.fileName) is read; flags win over it")
    }
  }

  /// Boots the guest that `document` describes.
  static func run(_ document: ConfigurationFile, isVerbose: Bool) throws(Failure) {
    let status = try Session(try document.configuration(), log: VerboseLog(isOn: isVerbose)).run()
    // Everything has been closed and restored by now.
    if status != 0 { CLinux.exit(Int32(status)) }
  }
}
