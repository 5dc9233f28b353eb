import Testing

@testable import swiftvm

struct EscapeKeysTests {
  private func separate(_ reads: String...) -> (bytes: String, commands: [ConsoleCommand]) {
    var keys = EscapeKeys()
    var bytes: [UInt8] = []
    var commands: [ConsoleCommand] = []
    for read in reads {
      let result = keys.separate(Array(read.utf8)[...])
      bytes += result.bytes
      commands += result.commands
    }
    return (String(decoding: bytes, as: UTF8.self), commands)
  }

  @Test func `what is typed without Ctrl-A is for the guest, Ctrl-C included`() {
    let result = separate("ls\r\u{03}\u{1B}[A")
    #expect(result.bytes == "ls\r\u{03}\u{1B}[A")
    #expect(result.commands.isEmpty)
  }

  @Test(arguments: [("x", ConsoleCommand.end), ("h", .help), ("?", .help), ("b", .sendBreak)])
  func `Ctrl-A and a letter is a command, and the guest sees neither`(key: String, command: ConsoleCommand) {
    let result = separate("a\u{01}\(key)b")
    #expect(result.bytes == "ab")
    #expect(result.commands == [command])
  }

  @Test func `a command may come in two reads`() {
    let result = separate("a\u{01}", "x")
    #expect(result.bytes == "a")
    #expect(result.commands == [.end])
  }

  @Test(arguments: ["a", "\u{01}"])
  func `Ctrl-A a and Ctrl-A Ctrl-A send Ctrl-A`(key: String) {
    let result = separate("\u{01}\(key)x")
    #expect(result.bytes == "\u{01}x")
    #expect(result.commands.isEmpty)
  }

  @Test func `Ctrl-A and a key that is no command goes to the guest as typed`() {
    let result = separate("\u{01}zx", "\u{01}X")
    #expect(result.bytes == "\u{01}zx\u{01}X")
    #expect(result.commands.isEmpty)
  }

  @Test func `commands keep their order`() {
    #expect(separate("\u{01}h\u{01}b\u{01}x").commands == [.help, .sendBreak, .end])
  }

  @Test func `the help names every command`() {
    for key in ["x", "b", "a", "h"] { #expect(EscapeKeys.help.contains("Ctrl-A \(key)  ")) }
  }
}
