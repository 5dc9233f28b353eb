import ProcessSupport
import SystemPackage
import Testing

/// The condition of every test that needs a program.
struct InstalledProgramsTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    for name in ["one", "two"] { _ = try scratch.file(name, [], permissions: [.ownerReadWriteExecute]) }
    _ = try scratch.file("text", [])
  }

  @Test func `all of them have to be there`() {
    let path = "/nowhere:\(scratch.path)"
    #expect(InstalledPrograms.include("one", "two", path: path))
    #expect(!InstalledPrograms.include("one", "three", path: path))
    #expect(!InstalledPrograms.include("three", "one", path: path))
    #expect(!InstalledPrograms.include("one", path: "/nowhere"))
  }

  @Test func `a file that nobody may execute is no program`() {
    #expect(!InstalledPrograms.include("text", path: scratch.path))
  }
}
