import ProcessSupport
import Testing

/// What each lesson of guests/ is made of.
@Suite(.program) struct LessonFolderTests {
  static let names = [
    "serial", "protected", "paging", "exceptions", "timer", "processors", "pci", "virtio-blk", "virtio-net",
    "user",
  ]

  private static func read(_ path: String) async throws -> String {
    try await Program.run("cat", ["\(Repository.root)/guests/\(path)"]).output
  }

  @Test func `the list has them in the order of learning`() async throws {
    let list = try await Self.read("README.md").matches(of: /\| \d+ \| \[([a-z-]+)\]\(([a-z-]+)\)/)
    #expect(list.map { String($0.1) } == Self.names)
    #expect(list.map { String($0.2) } == Self.names)
  }

  @Test(arguments: names)
  func `a lesson is one short source and a page with its command, its output and three questions`(
    _ name: String
  ) async throws {
    let files = try await Program.run("ls", ["\(Repository.root)/guests/\(name)"])
      .output.split(separator: "\n").filter { !["README.md", "machine.json", "disk.img"].contains($0) }
    #expect(files.count == 1)
    let source = try await Self.read("\(name)/\(files.first ?? "")")
    #expect((1...150).contains(source.split(separator: "\n", omittingEmptySubsequences: false).count - 1))

    let page = try await Self.read("\(name)/README.md")
    #expect(page.contains("\n## Run it\n"))
    let command = try #require(page.firstRange(of: "\n    swiftvm run guests/\(name)"))
    #expect(page[command.upperBound...].contains(/^(\n\n    | &\n    ping)/))
    let questions = page.split(separator: "\n## Try\n").last?.matches(of: #/\n(\d)\. /#).map { String($0.1) }
    #expect(questions == ["1", "2", "3"])
  }

  @Test func `no guest in Swift has an instruction that only a host with hardware help would run`()
    async throws
  {
    let outcome = try await SwiftVMProgram.shell(
      "for guest in $guests/*.elf; do llvm-objdump --disassemble --no-show-raw-insn $guest || echo failed; done"
    )
    #expect(outcome.output.contains("<main>:"))
    #expect(!outcome.output.contains("failed"))
    // Vector and floating-point registers, and what came with later levels of x86-64.
    #expect(!outcome.output.contains(/%[xyz]?mm\d|%st\b|\t(v|popcnt|cmpxchg16b|xsave|xrstor)/))
  }
}
