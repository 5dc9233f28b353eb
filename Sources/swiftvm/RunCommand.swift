internal import ArgumentParser
internal import CLinux
internal import Hypervisor

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Boot a guest.",
    discussion: """
      swiftvm run -k vmlinuz -i initrd.img -m 2G -c 2 -a "quiet ip=dhcp" -n nat
      """)

  @OptionGroup var options: RunOptions

  @Option(help: ArgumentHelp("Read options from JSON; flags win", valueName: "file"))
  var config: String?

  @Flag(help: "Print the options as JSON and end")
  var dumpConfig = false

  @Flag(name: .shortAndLong, help: "Tell on standard error what is done, and when")
  var verbose = false

  func run() throws {
    var document = ConfigurationFile()
    if let config {
      document = try ConfigurationFile.parse(
        try InputFile.contents(of: config, what: "configuration"), name: config)
    }
    document = document.overridden(by: options.document)
    if dumpConfig {
      print(ConfigurationFile(try document.configuration()).json())
      return
    }
    try Self.run(document, isVerbose: verbose)
  }

  /// Boots the guest that `document` describes.
  static func run(_ document: ConfigurationFile, isVerbose: Bool) throws(Failure) {
    let status = try Session(try document.configuration(), log: VerboseLog(isOn: isVerbose)).run()
    // Everything has been closed and restored by now.
    if status != 0 { CLinux.exit(Int32(status)) }
  }
}
