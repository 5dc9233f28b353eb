import ProcessSupport
import Testing

@testable import swiftvm

/// Links between the pages of the repository, and the commands that they tell.
@Suite(.program) struct LinkTests {
  @Test func `every link leads to a file that is there, and to a heading that it has`() async throws {
    let pages = try await MarkdownPage.all()
    #expect(pages.contains("README.md") && pages.contains("guests/serial/README.md"))
    var count = 0
    for path in pages {
      let page = try await MarkdownPage(path)
      for link in page.links {
        count += 1
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let target = page.target(of: parts[0])
        let isThere = try await Program.run("test", ["-e", "\(Repository.root)/\(target)"]).status == 0
        #expect(isThere, "\(path): \(link)")
        guard isThere, parts.count == 2 else { continue }
        #expect(try await MarkdownPage(target).anchors.contains(String(parts[1])), "\(path): \(link)")
      }
    }
    // As many as there are of files alone that the README names.
    #expect(count > 50)
  }

  @Test func `every folder of guests/ that a page runs can be run`() async throws {
    let pages = try await MarkdownPage.all() + BookTests.chapters.map { "\(BookTests.folder)/\($0).md" }
    var folders: Set<String> = []
    for path in pages {
      let text = try await MarkdownPage.content(path)
      folders.formUnion(text.matches(of: /swiftvm run (guests\/[a-z0-9-]+)/).map { String($0.1) })
    }
    #expect(folders.count >= 10)
    for folder in folders {
      let outcome = try await SwiftVMProgram.run(["run", "\(Repository.root)/\(folder)", "--dump-config"])
      #expect(outcome.status == 0, "\(outcome.error)")
    }
  }
}

struct OptionTableTests {
  @Test func `the README tells of every option that people run machines with`() async throws {
    let text = try await MarkdownPage.content("README.md")
    let tree = try #require(CommandTree.ofThisProgram())
    func check(_ command: CommandTree, _ path: [String]) {
      for name in command.longNames where name != "help" && name != "version" {
        #expect(text.contains(try! Regex("--\(name)(?![\\w-])")), "\(path.joined(separator: " ")) --\(name)")
      }
      for next in command.subcommands { check(next, path + [next.name]) }
    }
    for command in tree.subcommands where ["run", "trace", "net", "doctor"].contains(command.name) {
      check(command, [command.name])
    }
    #expect(text.contains("`swiftvm doctor --report` prints"))
  }
}
