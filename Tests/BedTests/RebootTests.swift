internal import Testing

extension StockKernels {
  @Suite struct Reboot {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    /// The ways in which Linux can ask for a reset.
    enum Way: String, CaseIterable, Sendable {
      case acpi, kbd, pci, triple

      func guest(onReboot: String) -> Guest {
        Guest(
          options: "--on-reboot \(onReboot)", arguments: "quiet swiftvm.do=reboot swiftvm.by=\(rawValue)")
      }
    }

    @Test(arguments: [Way.acpi, .triple])
    func `a guest's reboot ends a machine that is told to exit`(_ way: Way) async throws {
      let outcome = try await l1.run(way.guest(onReboot: "exit").boot, mayTripleFault: way == .triple)
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.arrivals.count == 1, outcome.comment)
      #expect(outcome.said("swiftvm-guest: reboot \(way)"), outcome.comment)
      #expect(outcome.reported("triple fault") == (way == .triple), outcome.comment)
    }

    @Test func `a guest's panic is told of by its driver, and ends with a status of its own`() async throws {
      let guest = Guest(
        options: "--on-reboot exit", arguments: "quiet swiftvm.load=pvpanic-mmio swiftvm.do=panic")
      let outcome = try await l1.run(guest.boot)
      #expect(outcome.status == 3, outcome.comment)
      #expect(outcome.arrivals.count == 1, outcome.comment)
      #expect(outcome.reported("error: the guest's kernel panicked"), outcome.comment)
    }

    @Test(arguments: Way.allCases)
    func `a guest's reboot starts it afresh in the same process`(_ way: Way) async throws {
      let outcome = try await l1.run(
        way.guest(onReboot: "reset").session(
          """
          await console 'swiftvm-guest: up' 2
          kill -INT "$vm"
          """), mayTripleFault: way == .triple)
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.arrivals.count == 2, outcome.comment)
      #expect(outcome.reported("triple fault") == (way == .triple), outcome.comment)
    }
  }
}
