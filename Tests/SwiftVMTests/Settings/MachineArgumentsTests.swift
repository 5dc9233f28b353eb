import Testing

@testable import swiftvm

struct MachineArgumentsTests {
  private func machine(_ words: String...) throws -> MachineSettings { try MachineArguments(words).machine }

  private func explained(_ words: [String]) -> Failure? {
    do throws(Failure) {
      _ = try MachineArguments(words)
      return nil
    } catch {
      return error
    }
  }

  @Test func `no word says nothing`() throws {
    let arguments = try MachineArguments([])
    #expect(arguments.machine == [:] && arguments.command == [:] && arguments.others.isEmpty)
  }

  @Test func `options of the command are not the machine's`() throws {
    let arguments = try MachineArguments(["-v", "--config", "vm.json", "-c", "2", "lab", "--dump-config"])
    #expect(arguments.machine == ["cpus": 2])
    #expect(arguments.command == ["verbose": true, "config": "vm.json", "dump-config": true])
    #expect(arguments.others == ["lab"])
  }

  @Test func `a list grows, and of all else the last word counts`() throws {
    #expect(try machine("-a", "a b", "--cmdline", "c", "--params=d") == ["append": ["a b", "c", "d"]])
    #expect(try machine("-k", "a", "--kernel", "b") == ["kernel": "b"])
  }

  @Test func `a value may begin with a dash, hold an equals sign, or be empty`() throws {
    #expect(try machine("-a", "-- single") == ["append": ["-- single"]])
    #expect(try machine("-a", "-x") == ["append": ["-x"]])
    #expect(try machine("-m", "-5") == ["memory": "-5"])
    #expect(try machine("--append=root=/dev/vda1") == ["append": ["root=/dev/vda1"]])
    #expect(try machine("-k", "") == ["kernel": ""])
    #expect(try machine("--kernel=") == ["kernel": ""])
  }

  @Test func `behind two dashes there are no options`() throws {
    let arguments = try MachineArguments(["-c", "2", "--", "-k", "--"])
    #expect(arguments.machine == ["cpus": 2] && arguments.others == ["-k", "--"])
  }

  @Test func `a dash alone is a word`() throws {
    #expect(try MachineArguments(["-"]).others == ["-"])
  }

  @Test(arguments: [
    (["-k"], "-k: its value is missing", "write -k FILE"),
    (["--kernel", "--initrd", "i"], "--kernel: its value is missing", "write --kernel FILE"),
    (["-k", "x", "-a", "-foo", "--kernl", "y"], "there is no option --kernl", "did you mean --kernel?"),
    (["-k", "--inird", "foo"], "-k: its value is missing", "write -k FILE"),
    (["-k", "--", "foo"], "-k: its value is missing", "write -k FILE"),
    (["-k", "-c=2"], "-k: its value is missing", "write -k FILE"),
    (["-c", "two"], "-c two: no whole number from 0 to", "write -c N"),
    (["-c", "1.5"], "-c 1.5: no whole number", "write -c N"),
    (["--cpus=99999999999999999999"], "--cpus 99999999999999999999: no whole number", "write --cpus N"),
    (["--boot-hint", "-1"], "--boot-hint -1: no whole number from 0 to 4294967295", "write --boot-hint S"),
    (
      ["--shutdown-timeout", "4294967296"], "--shutdown-timeout 4294967296: no whole", "--shutdown-timeout S"
    ),
    (["--exit-stats=on"], "--exit-stats takes no value", "write --exit-stats alone"),
    (["--kernal", "k"], "there is no option --kernal", "did you mean --kernel?"),
    (["---kernel", "k"], "there is no option ---kernel", ""),
    (["-kernel", "k"], "there is no option -kernel", "--kernel"),
    (["-c2"], "there is no option -c2", "-c 2"), (["--k", "a"], "there is no option --k", ""),
    (["--=a"], "there is no option --", ""), (["-=a"], "there is no option -", ""),
    (["-vv"], "there is no option -vv", ""),
  ])
  func `what is wrong is named, with what to write`(words: [String], message: String, hint: String) throws {
    let failure = try #require(explained(words))
    #expect(failure.status == .usage)
    #expect(failure.message.hasPrefix(message), "\(failure.message)")
    #expect(failure.hint?.contains(hint) == true, "\(failure.hint ?? "")")
  }
}
