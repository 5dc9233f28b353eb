internal import Testing

extension StockKernels {
  @Suite struct Console {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    /// Opens the pseudo terminal on descriptor 4; what the guest says goes on to `console`.
    private static let openTerminal = """
      await error 'serial console: '
      terminal=$(sed -n 's/^serial console: //p' error)
      # The first terminal that a session leader opens becomes its own, hang-up included.
      trap "" HUP
      exec 4<>"$terminal"
      stty raw -echo <&4
      # Not cat, which uses sendfile: bytes that stood in the terminal did not reach it until more came.
      tee -a console <&4 &
      """

    @Test func `a shell echoes and answers what is typed at the pseudo terminal`() async throws {
      let guest = Guest(options: "--serial pty", arguments: "quiet swiftvm.do=shell")
      let outcome = try await l1.run(
        guest.session(
          """
          \(Self.openTerminal)
          await_prompt 'guest# '
          type_slowly 'echo typed-$((6 * 7))' >&4
          printf '\\r' >&4
          await console 'typed-42'
          type_slowly 'poweroff' >&4
          printf '\\r' >&4
          """))
      #expect(outcome.status == 0, outcome.comment)
      // Once as the shell's echo, once as its answer.
      #expect(outcome.said("echo typed-$((6 * 7))"), outcome.comment)
      #expect(outcome.lines.contains("typed-42"), outcome.comment)
    }

    /// Puts random bytes into the file `bytes` and waits for a guest that takes as many.
    private static func makeBytes(_ count: Int) -> String {
      """
      head -c \(count) /dev/urandom > bytes
      echo "test: sent $(sha256sum < bytes | cut -d ' ' -f 1)"
      await console 'swiftvm-guest: ready'
      """
    }

    private func expectNothingLost(_ outcome: Transcript) throws {
      #expect(outcome.status == 0, outcome.comment)
      let sent = try #require(outcome.lines(after: "test: sent ").first, outcome.comment)
      #expect(sent.count == 64)
      #expect(outcome.lines(after: "swiftvm-guest: sha256 ") == [sent], outcome.comment)
    }

    @Test func `100 KiB pasted through a pipe lose no byte`() async throws {
      let guest = Guest(arguments: "quiet swiftvm.do=paste swiftvm.bytes=102400")
      // Opened for both, the pipe waits for no other end.
      let outcome = try await l1.run(
        "mkfifo /tmp/typed\nexec 4<>/tmp/typed\n"
          + guest.session("rm /tmp/typed\n\(Self.makeBytes(102400))\ncat bytes >&4", input: "/tmp/typed"))
      try expectNothingLost(outcome)
    }

    @Test func `16 KiB pasted through the pseudo terminal lose no byte`() async throws {
      let guest = Guest(
        options: "--serial pty",
        arguments: "quiet swiftvm.do=paste swiftvm.bytes=16384")
      let outcome = try await l1.run(
        guest.session("\(Self.openTerminal)\n\(Self.makeBytes(16384))\ncat bytes >&4"))
      try expectNothingLost(outcome)
    }

    @Test func `a guest whose reader goes away runs on to its end`() async throws {
      let guest = Guest(options: "--verbose", arguments: "quiet swiftvm.do=info")
      let outcome = try await l1.run(
        """
        cd "$(mktemp -d)"
        { \(guest.boot); echo $? > status; } | head -n 1
        exit "$(cat status)"
        """)
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.arrivals.count == 1, outcome.comment)
      #expect(outcome.lines.count == 1)
      #expect(outcome.reported("warning: the console's output (stdio) cannot be written"), outcome.comment)
      #expect(outcome.reported("the guest powered off"))
    }
  }
}
