internal import Testing

extension StockKernels {
  @Suite struct PowerButton {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    @Test(arguments: Guest.Kernel.allCases)
    func `SIGTERM presses the power button, and the guest powers off by itself`(_ kernel: Guest.Kernel)
      async throws
    {
      let guest = Guest(
        kernel: kernel.bzImage, options: "--shutdown-timeout 3600", arguments: "quiet swiftvm.do=button")
      let outcome = try await l1.run(
        guest.session(
          """
          await console 'waiting for the power button'
          kill "$vm"
          """))
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.lines.contains("swiftvm-guest: power button"), outcome.comment)
      // One press is one interrupt: no storm, and none that nobody took.
      #expect(outcome.lines(after: "swiftvm-guest: ACPI interrupts ") == ["1"], outcome.comment)
      #expect(outcome.error == "", outcome.comment)
    }

    @Test func `a guest that ignores the button is ended by force, with a warning`() async throws {
      let guest = Guest(options: "--shutdown-timeout 1", arguments: "quiet swiftvm.do=idle")
      let outcome = try await l1.run(
        guest.session(
          """
          await console 'swiftvm-guest: up'
          kill "$vm"
          """))
      #expect(outcome.status == 0, outcome.comment)
      #expect(
        outcome.error
          == "warning: the guest did not power off within 1 s of SIGTERM: ended by force\n", outcome.comment)
    }

    @Test func `a second SIGTERM ends the machine at once`() async throws {
      let guest = Guest(options: "--shutdown-timeout 3600 --verbose", arguments: "quiet swiftvm.do=idle")
      let outcome = try await l1.run(
        guest.session(
          """
          await console 'swiftvm-guest: up'
          kill "$vm"
          await error 'pressing the power button'
          kill "$vm"
          """))
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.reported("ended as asked"), outcome.comment)
      #expect(!outcome.reported("by force"), outcome.comment)
    }
  }
}
