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
    ("run --net na", ["nat", "nat="]), ("run -n u", ["user"]),
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
    ("run ", CommandCompletion.Files.folders), ("run -v ", .folders), ("run -k ", .files),
    ("run --disk ", .files),
    ("run --kernel=", .files), ("run --serial file=", .files), ("run --serial socket=/t", .files),
    ("run --metrics ", .files), ("trace show ", .files), ("bench exits --json ", .files),
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
    #expect(try complete("run --console file=").text == ":files\n")
    #expect(try complete("net u").text == "up\tBring a network up.\n")
  }
}
