import Testing

@testable import swiftvm

struct ArgumentFailureTests {
  private func explain(_ words: [String]) -> Failure {
    ArgumentFailure.explain(words, parser: "the parser's words\n   or: others")
  }

  @Test(arguments: [
    ("run --mem 2G", "--mem", "-m SIZE, or --memory"), ("run --ram=2G", "--ram", "--memory"),
    ("run -k a -smp 4", "-smp", "-c N"), ("run --smp 4", "--smp", "--cpus"), ("run --cpu 4", "--cpu", "-c N"),
    ("run -cpu host", "-cpu", "the host's"), ("run --initramfs i", "--initramfs", "-i FILE, or --initrd"),
    ("run -nographic -k a", "-nographic", "leave it out"), ("run -enable-kvm", "-enable-kvm", "leave it out"),
    ("run -hda a.img", "-hda", "-d PATH"), ("run -drive file=a,if=virtio", "-drive", "-d PATH"),
    ("run -cdrom a.iso", "-cdrom", "readonly=on"), ("run -netdev user,id=a", "-netdev", "--net"),
    ("run -s", "-s", "--gdb 1234"), ("run -S", "-S", "--gdb-wait"), ("run -M q35", "-M", "leave it out"),
    ("run -no-reboot", "-no-reboot", "--on-reboot exit"), ("run -bios a", "-bios", "-k FILE"),
    ("-nographic -kernel a", "-nographic", "leave it out"),
    // Ours, otherwise written.
    ("run -kernel a", "-kernel", "did you mean --kernel?"),
    ("run -append a", "-append", "did you mean --append?"),
    ("run --boot_hint 3", "--boot_hint", "did you mean --boot-hint?"),
    ("run --Kernel a", "--Kernel", "did you mean --kernel?"),
    ("run --kernal a", "--kernal", "did you mean --kernel?"),
    ("run --shut 3", "--shut", "did you mean --shutdown-timeout?"),
    ("run --boot- 3", "--boot-", "did you mean --boot-hint or --boot-chart?"),
    ("run -m512", "-m512", "-m 512"), ("run -c2", "-c2", "-c 2"),
    ("-k vmlinuz", "-k", "`swiftvm run -k ...`"), ("--net nat", "--net", "`swiftvm run --net ...`"),
    // Like nothing that there is.
    ("run --xyz", "--xyz", "`swiftvm run --help` shows the options"),
    ("run --img a", "--img", "`swiftvm run --help` shows the options"),
    ("run -xyz", "-xyz", "`swiftvm run --help` shows the options"),
    ("net up --sub 1", "--sub", "did you mean --subnet?"),
    ("net up --mem 1", "--mem", "`swiftvm net up --help` shows the options"),
    ("trace show a --vpcu 1", "--vpcu", "did you mean --vcpu?"),
  ])
  func `an option that there is not is named, with ours`(line: String, option: String, hint: String) {
    let failure = explain(line.split(separator: " ").map(String.init))
    #expect(failure.status == .usage)
    #expect(failure.message == "there is no option \(option)")
    #expect(failure.hint?.contains(hint) == true, "\(failure.hint ?? "")")
  }

  @Test(arguments: [
    ("start", "start", "`swiftvm run -k"), ("ps", "ps", "`swiftvm list`"), ("ls -a", "ls", "`swiftvm list`"),
    ("stop web", "stop", "kill PID"), ("console web", "console", "--serial socket=PATH"),
    ("rum", "rum", "did you mean `swiftvm run`?"), ("doktor", "doktor", "did you mean `swiftvm doctor`?"),
    ("/dev/null", "/dev/null", "`swiftvm run -k FILE`"),
    ("frobnicate", "frobnicate", "the commands are bench, doctor"),
    ("net start", "start", "the commands are down, list, status, up"),
    ("net dwon", "dwon", "did you mean `swiftvm net down`?"),
    ("trace vm.trace", "vm.trace", "did you mean `swiftvm trace show vm.trace`?"),
  ])
  func `a command that there is not is named, with ours`(line: String, command: String, hint: String) {
    let failure = explain(line.split(separator: " ").map(String.init))
    #expect(failure.status == .usage)
    #expect(failure.message == "there is no command \(command)")
    #expect(failure.hint?.contains(hint) == true, "\(failure.hint ?? "")")
  }

  @Test(arguments: [
    "run -k", "run -m -5", "run -c two", "run -vv", "run -- -nographic", "net up", "help frobnicate",
    "run - a",
  ])
  func `what else is wrong the parser tells, in a line`(line: String) {
    let failure = explain(line.split(separator: " ").map(String.init))
    #expect(failure.message == "the parser's words")
    #expect(failure.hint?.hasSuffix("--help` shows the options") == true)
  }

  @Test func `sentences about others' words name only what there is`() throws {
    let tree = try #require(CommandTree.ofThisProgram())
    func names(_ tree: CommandTree) -> [String] { tree.longNames + tree.subcommands.flatMap(names) }
    let known = Set(names(tree) + ["reflink"])
    let words = [
      "machine", "bzimage", "initramfs", "args", "smp", "cpu", "mem", "bios", "drive", "cdrom", "nic", "port",
      "device", "rng", "virtfs", "nographic", "vga", "no-reboot", "no-shutdown", "monitor", "stdio",
      "daemonize", "pidfile", "snapshot", "config-file", "quiet", "s", "S",
    ]
    let commands = [
      "start", "ps", "stop", "console", "pause", "version", "check", "network", "up", "config",
    ]
    for sentence in words.map(ForeignWord.option) + commands.map(ForeignWord.command) {
      let sentence = try #require(sentence)
      for match in sentence.matches(of: /--([a-z-]+)/) {
        #expect(known.contains(String(match.1)), "\(sentence)")
      }
    }
    // None hides one of ours.
    for name in known {
      #expect(ForeignWord.option(name) == nil || !(tree.subcommands[0].longNames.contains(name)))
    }
  }
}
