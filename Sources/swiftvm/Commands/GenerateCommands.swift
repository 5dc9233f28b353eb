internal import ArgumentParser

/// `swiftvm manual`, which packagers run.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Print the manual page.", discussion: "swiftvm manual > swiftvm.1",
    shouldDisplay: false)

  func run() { print(ManualPage.text, terminator: "") }
}

/// `swiftvm completion SHELL`, which packagers run.
struct CompletionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion", abstract: "Print a shell's completion.",
    discussion: "swiftvm completion bash > /etc/bash_completion.d/swiftvm", shouldDisplay: false)

  @Argument(help: ArgumentHelp("bash, zsh or fish", valueName: "shell"))
  var shell: String

  func run() throws {
    guard let script = CompletionScript(rawValue: shell) else {
      throw Failure(.usage, "there is no completion for \(shell.shortened)", hint: "give bash, zsh or fish")
    }
    print(script.text, terminator: "")
  }
}

/// `swiftvm complete -- WORD...`, which shells run.
struct CompleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "complete", abstract: "Print what may come next, for a shell.",
    discussion: "swiftvm complete -- run --on-", shouldDisplay: false)

  @Argument(parsing: .postTerminator, help: "The words behind the program's name, the last one being written")
  var words: [String] = []

  func run() {
    guard let tree = CommandTree.ofThisProgram() else { return }
    let names = CommandCompletion.Names(
      machines: { MachineReport.all().map(\.machine.name) },
      networks: { NetworkReport.all().map(\.network.name) })
    print(CommandCompletion(words, in: tree, names: names).text, terminator: "")
  }
}
