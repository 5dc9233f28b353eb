internal import ProcessSupport
internal import Testing

extension StockKernels {
  @Suite struct Seeing {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    /// What swiftvm here makes of a file that swiftvm in L1 wrote.
    private func show(_ path: String, _ filters: String...) async throws -> [Substring] {
      let outcome = try await Program.run(Repository.executable, ["trace", "show", path] + filters)
      #expect(outcome.status == 0 && outcome.error == "", Comment(rawValue: outcome.error))
      return outcome.output.split(separator: "\n")
    }

    @Test
    func `a boot is seen whole: its phases in the chart, its exits in the trace, its numbers in the metrics`()
      async throws
    {
      let guest = Guest(
        options: "--boot-chart /share/boot.svg --trace /share/boot.trace --metrics /share/boot.metrics",
        arguments: "swiftvm.do=poweroff")
      let outcome = try await l1.run(guest.boot)
      #expect(outcome.status == 0 && outcome.error == "", outcome.comment)
      let share = try await l1.share()

      let svg = try await Program.run("cat", ["\(share)/boot.svg"]).output
      let names = svg.matches(of: /x="16.0" y="[0-9.]+" text-anchor="start">([^<]+)/).map { String($0.1) }
      let phases = [
        "swiftvm: files, memory, devices", "swiftvm: reading the kernel", "swiftvm: making the vCPUs",
        "guest: at low addresses", "kernel, silent", "kernel, with a console", "init",
      ]
      #expect(names.filter(phases.contains) == phases, Comment(rawValue: svg))
      let begins = svg.matches(of: /<rect x="([0-9.]+)"[^>]* class="phase"/).compactMap { Double($0.1) }
      #expect(begins.count == phases.count && begins == begins.sorted(), Comment(rawValue: svg))

      // The last exits: ACPI's power-off, from an address of the kernel's.
      let power = try await show("\(share)/boot.trace", "--device", "ACPI PM1", "--reason", "port write")
      #expect(power.last?.contains("PM1_CNT") == true && power.last?.contains("rip 0xffff") == true)
      let letters = try await show("\(share)/boot.trace", "--vcpu", "0", "--device", "COM1", "--until", "1e9")
      #expect(letters.count > 1000)

      let last = try await Program.run("tail", ["-n", "1", "\(share)/boot.metrics"]).output
      #expect(last.contains("\"device\":\"COM1\"") && last.contains("\"kvm\":{\""), Comment(rawValue: last))
    }
  }
}
