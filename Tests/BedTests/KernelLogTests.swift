internal import Testing

extension StockKernels {
  @Suite struct KernelLog {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    @Test(arguments: Guest.Kernel.allCases)
    func `a kernel finds the hardware in order and complains of nothing`(_ kernel: Guest.Kernel)
      async throws
    {
      // Without `quiet` the whole log goes to the console.
      let guest = Guest(kernel: kernel.bzImage, arguments: "swiftvm.do=info")
      let outcome = try await l1.run("date '+test: from %s'\n\(guest.boot)\ndate '+test: until %s'")
      try #require(outcome.arrivals.count == 1, outcome.comment)
      #expect(KernelComplaints.unexplained(in: outcome) == [], outcome.comment)
      for sign in [
        "ACPI Error", "ACPI Exception", "ACPI BIOS", "ACPI Warning", "[Firmware Bug]", "[Firmware Warn]",
        "nobody cared",
      ] {
        #expect(!outcome.said(sign), outcome.comment)
      }
      #expect(
        outcome.said("00:01: ttyS0 at I/O 0x3f8 (irq = 4, base_baud = 115200) is a 16550A"), outcome.comment)
      #expect(outcome.said("ACPI: PM: (supports S0 S5)"))
      // Not even probed, so not waited for.
      let keyboard = outcome.lines.filter { $0.contains("i8042: ") }
      #expect(keyboard.allSatisfy { $0.hasSuffix("i8042: PNP: No PS/2 controller found.") }, outcome.comment)
      try expectClock(outcome)
      expectInterrupts(outcome)
    }

    /// The kernel takes its clock from the RTC, which has the host's time.
    private func expectClock(_ outcome: Transcript) throws {
      func seconds(_ prefix: String) throws -> Int {
        try #require(outcome.lines(after: prefix).first.flatMap { Int($0) }, outcome.comment)
      }
      let match = try #require(
        outcome.output.firstMatch(of: /rtc_cmos 00:02: setting system clock to \S+ UTC \((\d+)\)/))
      let clock = try #require(Int(match.1))
      // The RTC counts whole seconds.
      let (from, until) = (try seconds("test: from ") - 1, try seconds("test: until ") + 1)
      #expect((from...until).contains(clock), outcome.comment)
    }

    private func expectInterrupts(_ outcome: Transcript) {
      /// How many came, by the name of who takes them.
      func count(_ owner: String) -> Int? {
        outcome.lines(after: "interrupts: ").first { $0.hasSuffix(" \(owner)") }
          .flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }
      }
      #expect((count("ttyS0") ?? 0) > 0, outcome.comment)
      // Nobody pressed the button.
      #expect(count("acpi") == 0, outcome.comment)
      #expect(count("rtc0") == 0, outcome.comment)
    }

    @Test func `two vCPUs come up as two cores of one package with their own APIC ids`() async throws {
      try await expectCores(2)
    }

    @Test(.manyProcessors) func `four vCPUs come up as four cores of one package`() async throws {
      try await expectCores(4)
    }

    private func expectCores(_ count: Int) async throws {
      let guest = Guest(options: "-c \(count) --on-reboot exit", arguments: "swiftvm.do=info")
      let outcome = try await l1.run(guest.boot, mayHang: count > 2)
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.arrivals.map(\.cpus) == [count], outcome.comment)
      #expect(outcome.said("smp: Brought up 1 node, \(count) CPUs"), outcome.comment)
      #expect(outcome.said("smpboot: Max logical packages: 1"), outcome.comment)
      #expect(KernelComplaints.unexplained(in: outcome) == [], outcome.comment)

      func values(_ key: String) -> [String] {
        outcome.lines(after: "cpuinfo: ").compactMap { line in
          guard let match = line.wholeMatch(of: /(.*?)\s*:\s*(.*)/), match.1 == key else { return nil }
          return String(match.2)
        }
      }
      let numbers = (0..<count).map { "\($0)" }
      for key in ["apicid", "initial apicid", "core id"] { #expect(values(key) == numbers, outcome.comment) }
      #expect(values("physical id") == numbers.map { _ in "0" })
      for key in ["siblings", "cpu cores"] { #expect(values(key) == numbers.map { _ in "\(count)" }) }
      #expect(values("flags").count == count)
      #expect(values("flags").allSatisfy { $0.split(separator: " ").contains("x2apic") })
    }
  }
}
