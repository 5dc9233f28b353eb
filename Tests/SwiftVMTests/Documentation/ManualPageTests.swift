import ProcessSupport
import Testing

@testable import swiftvm

struct ManualPageTests {
  /// As it is read, on lines of any length.
  private var plain: String {
    ManualPage.text.replacing("\\-", with: "-").replacing("\\fB", with: "").replacing("\\fR", with: "")
  }

  @Test func `it tells of every command and option`() throws {
    let text = plain
    let tree = try #require(CommandTree.ofThisProgram())
    func check(_ command: CommandTree, _ path: [String]) {
      for option in command.options {
        for name in option.names ?? [] where !["help", "version", "h"].contains(name.name) {
          #expect(
            text.contains(try! Regex("(?m)^(.*, )?\(name.dashed)(,|$| [A-Z])")), "\(path) \(name.dashed)")
        }
      }
      for next in command.subcommands where next.isShown && next.name != "help" {
        if next.subcommands.isEmpty {
          #expect(text.contains("\n\((path + [next.name]).joined(separator: " "))"), "\(path) \(next.name)")
        }
        check(next, path + [next.name])
      }
    }
    check(tree, ["swiftvm"])
  }

  @Test func `it tells every status, default and group`() {
    for status in ExitStatus.allCases { #expect(plain.contains(".TP\n\(status.rawValue)\n")) }
    for setting in SettingTable.all {
      if let standard = setting.standard { #expect(plain.contains("Default: \(standard).")) }
    }
    for group in Setting.Group.allCases { #expect(plain.contains(".SS \(group.rawValue)\n")) }
  }

  @Test func `what would be a request at a line's begin is text`() {
    #expect(ManualPage.marked(".TH `-a` b-c \\ `.d`") == "\\&.TH \\fB\\-a\\fR b-c \\e \\fB.d\\fR")
    #expect(ManualPage.marked("'a") == "\\&'a")
  }

  @Test(.enabled(if: InstalledPrograms.include("groff"), "groff is not installed: `make setup` does it"))
  func `groff has nothing to warn of`() async throws {
    let scratch = try Scratch()
    let page = try scratch.file("swiftvm.1", Array(ManualPage.text.utf8))
    let groff = try await Program.run("groff", ["-man", "-Tascii", "-ww", "-P-cbu", page])
    #expect(groff.status == 0 && groff.error == "", "\(groff.error)")
    #expect(groff.output.contains("--shutdown-timeout"))
  }
}
