import ProcessSupport
import Testing

@testable import swiftvm

/// Links between the pages of the repository, and the commands that they tell.
@Suite(.program) struct LinkTests {
  @Test func `every link leads to a file that is there, and to a heading that it has`() async throws {
    let pages = try await MarkdownPage.all()
    #expect(["README.md", "docs/networking.md", "guests/serial/README.md"].allSatisfy(pages.contains))
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

/// What the pages say, beside their links.
struct PageTests {
  @Test func `README is read in ten minutes`() async throws {
    #expect(try await MarkdownPage.content("README.md").utf8.count <= 15_000)
  }

  @Test func `pages tell how to report a host`() async throws {
    #expect(try await MarkdownPage.content("docs/host.md").contains("`swiftvm doctor --report` prints"))
  }
}
