import ArgumentParser
import Testing

@testable import swiftvm

struct RunOptionsTests {
  private func document(_ arguments: String...) throws -> ConfigurationFile {
    try RunOptions.parse(arguments).document
  }

  @Test func `no flag says nothing`() throws {
    #expect(try document() == ConfigurationFile())
  }

  @Test func `short and long names say the same`() throws {
    let short = try document("-k", "k", "-i", "i", "-a", "quiet", "-m", "2G", "-c", "2")
    let long = try document(
      "--kernel", "k", "--initrd", "i", "--append", "quiet", "--memory", "2G", "--cpus", "2")
    #expect(short == long)
    #expect(short.kernel == "k")
    #expect(short.initrd == "i")
    #expect(short.append == ["quiet"])
    #expect(short.memory == .text("2G"))
    #expect(short.cpus == 2)
  }

  @Test func `every other option reaches the document`() throws {
    let document = try document(
      "--flat", "f", "--append-only", "c", "--serial", "pty", "--on-reboot", "exit", "--shutdown-timeout",
      "3",
      "--boot-hint", "0", "--debug-exit", "0xf4", "--gdb", "1234", "--gdb-wait",
      "--fw-cfg", "opt/a=b", "--fw-cfg", "opt/c=@d")
    #expect(document.flat == "f")
    #expect(document.appendOnly == "c")
    #expect(document.serial == "pty")
    #expect(document.onReboot == "exit")
    #expect(document.shutdownTimeout == 3)
    #expect(document.bootHint == 0)
    #expect(document.debugExit == "0xf4")
    #expect(document.gdb == "1234")
    #expect(document.gdbWait == true)
    #expect(document.fwCfg == ["opt/a=b", "opt/c=@d"])
  }

  @Test func `append has aliases and may come again`() throws {
    #expect(
      try document("-a", "a b", "--cmdline", "c", "--params", "d", "--append", "e").append
        == ["a b", "c", "d", "e"])
  }

  @Test(arguments: [
    ["-c", "two"], ["-c", "1.5"], ["-c", "99999999999999999999"], ["--boot-hint", "-1"],
    ["--shutdown-timeout", "4294967296"], ["-k"], ["--kernal", "k"], ["vmlinuz"],
  ])
  func `what is no option or no number is refused`(arguments: [String]) {
    #expect(throws: (any Error).self) { try RunOptions.parse(arguments) }
  }
}
