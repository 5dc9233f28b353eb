import Testing

@testable import swiftvm

struct CommandCompletionTests {
  private static let names = CommandCompletion.Names(
    machines: { ["web", "wiki", "db"] }, networks: { ["lab"] })

  private func complete(_ line: String) throws -> CommandCompletion {
    let tree = try #require(CommandTree.ofThisProgram())
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    return CommandCompletion(words, in: tree, names: Self.names)
  }

  @Test(arguments: [
    ("", ["run", "trace", "net", "list", "ip", "doctor", "bench", "help"]), ("ne", ["net"]),
    ("net ", ["up", "down", "status", "list"]), ("net d", ["down"]), ("zzz", []),
    ("run --on-reboot ", ["reset", "exit"]), ("run -k a --on-reboot e", ["exit"]),
    ("run --on-reboot=", ["--on-reboot=reset", "--on-reboot=exit"]),
    ("run --console s", ["stdio", "socket="]),
    ("run --serial ", ["stdio", "pty", "file=", "socket=", "null"]),
    ("run --net na", ["nat", "nat="]), ("run --net=nat=", ["--net=nat=lab"]), ("run -n nat=l", ["nat=lab"]),
    ("run --net bridge=", []), ("run -n=u", ["-n=user"]), ("run -n u", ["user"]),
    ("run --boot-", ["--boot-hint", "--boot-chart"]),
    ("run --cm", ["--cmdline"]), ("ip w", ["web", "wiki"]), ("net down --name ", ["lab"]),
    ("run --memory ", []), ("run --append x", []),
    ("doctor --", ["--json", "--report", "--help"]), ("doctor ", []),
  ])
  func `a line goes on`(line: String, candidates: [String]) throws {
    let completion = try complete(line)
    #expect(completion.candidates.map(\.text) == candidates)
    #expect(completion.files == nil)
  }

  @Test(arguments: [
    ("run ", CommandCompletion.Files.folders), ("run -v ", .folders), ("run -k ", .files(behind: "")),
    ("run --disk ", .files(behind: "")), ("run --kernel=a=b/", .files(behind: "--kernel=")),
    ("run -k=", .files(behind: "-k=")), ("run --serial file=", .files(behind: "file=")),
    ("run --serial=socket=/t", .files(behind: "--serial=socket=")), ("run --metrics ", .files(behind: "")),
    ("run --metrics unix=/a=b", .files(behind: "unix=")), ("run --fw-cfg opt/a=@", .files(behind: "opt/a=@")),
    ("trace show ", .files(behind: "")), ("bench exits --json ", .files(behind: "")),
  ])
  func `a path is the shell's to complete`(line: String, files: CommandCompletion.Files) throws {
    let completion = try complete(line)
    #expect(completion.files == files)
    #expect(completion.candidates.isEmpty)
  }

  @Test func `options have their short names behind one dash, and what they do`() throws {
    let completion = try complete("run -")
    let texts = completion.candidates.map(\.text)
    #expect(texts.contains("-k") && texts.contains("--kernel") && texts.contains("-v"))
    #expect(completion.text.contains("--cpus\tvCPUs\n"))
    #expect(Set(texts).isSuperset(of: SettingTable.all.map { "--\($0.key)" }))
  }

  @Test func `every line that is printed has a candidate or a kind of file`() throws {
    #expect(try complete("run --console file=").text == ":files\tfile=\n")
    #expect(try complete("net u").text == "up\tBring a network up.\n")
  }
}
