internal import ArgumentParser
internal import CLinux

@main
struct SwiftVM: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swiftvm",
    abstract: "Boot stock Linux kernels in virtual machines, straight on /dev/kvm.",
    discussion: """
      swiftvm run -k vmlinuz -i initrd.img
      swiftvm run -k vmlinuz -i initrd.img --net nat --publish 8080:80 --name web
      swiftvm list
      swiftvm doctor
      """,
    version: Version.text,
    subcommands: [
      RunCommand.self, TraceCommand.self, NetCommand.self, ListCommand.self, IPCommand.self,
      DoctorCommand.self, BenchCommand.self, ManualCommand.self, CompletionCommand.self, CompleteCommand.self,
    ])

  static func main() {
    ProcessSetup.prepare()
    do {
      // Swift reads them from there, and takes failure for none at all.
      guard !CommandLine.arguments.isEmpty else {
        throw Failure(
          .hostNotAble, "cannot read the arguments from /proc/self/cmdline",
          hint: "mount /proc, or raise `ulimit -n`")
      }
      let words = CommandLine.arguments.dropFirst()
      // Setting up the parser takes longer than making the machine, and memory that stays for the guest's life.
      if words.first == "run" { return try RunCommand.run(words.dropFirst()) }
      if words.starts(with: ["help", "run"]) { return try RunCommand.run(["--help"]) }
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      StandardError.report(failure)
      CLinux.exit(failure.status.rawValue)
    } catch {
      // Help and version are asked for; everything else is an argument that is wrong.
      if exitCode(for: error).isSuccess { exit(withError: error) }
      StandardError.report(
        ArgumentFailure.explain(Array(CommandLine.arguments.dropFirst()), parser: message(for: error)))
      CLinux.exit(ExitStatus.usage.rawValue)
    }
  }
}

enum Version {
  static let text = "0.1.0"
}
