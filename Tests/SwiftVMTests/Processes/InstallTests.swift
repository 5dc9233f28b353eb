import ProcessSupport
import Testing

@testable import swiftvm

/// What `make install` puts where.
@Suite(.program) struct InstallTests {
  @Test func `program, manual page and completions are where they belong`() async throws {
    let scratch = try Scratch()
    let make = try await Program.run(
      "make", ["-s", "-C", Repository.root, "install", "DESTDIR=\(scratch.path)", "PREFIX=/usr"])
    #expect(make.status == 0, "\(make.error)")
    let found = try await Program.run("find", [scratch.path, "-type", "f", "-printf", "%m %P\\n"])
    #expect(
      Set(found.output.split(separator: "\n")) == [
        "755 usr/bin/swiftvm", "644 usr/share/man/man1/swiftvm.1",
        "644 usr/share/bash-completion/completions/swiftvm", "644 usr/share/zsh/site-functions/_swiftvm",
        "644 usr/share/fish/vendor_completions.d/swiftvm.fish",
      ])
    let version = try await Program.run(scratch("usr/bin/swiftvm"), ["--version"])
    #expect(version.output == "\(Version.text)\n")
    #expect(try scratch.content("usr/share/man/man1/swiftvm.1") == Array(ManualPage.text.utf8))
    for (shell, path) in [
      (CompletionScript.bash, "bash-completion/completions/swiftvm"), (.zsh, "zsh/site-functions/_swiftvm"),
      (.fish, "fish/vendor_completions.d/swiftvm.fish"),
    ] { #expect(try scratch.content("usr/share/\(path)") == Array(shell.text.utf8)) }
  }
}
