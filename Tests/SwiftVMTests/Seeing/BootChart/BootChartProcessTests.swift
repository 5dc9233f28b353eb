import ProcessSupport
import Testing

/// `--boot-chart` of the release executable, with guests that boot no kernel; Tests/BedTests has one that does.
@Suite(.program, .kvm) struct BootChartProcessTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func run(_ guest: String, _ path: String) async throws -> Program.Outcome {
    try await SwiftVMProgram.run(
      SwiftVMProgram.running(guest, ["--on-reboot", "exit", "--boot-chart", path]))
  }

  @Test func `it shows what there was to see when the machine has ended`() async throws {
    let outcome = try await run("port-exits", scratch("boot.svg"))
    #expect(outcome.status == 0 && outcome.error == "" && outcome.output.count == 17)
    let svg = String(decoding: try scratch.content("boot.svg"), as: UTF8.self)
    #expect(svg.hasSuffix("</svg>\n"))
    for phase in ["swiftvm: reading the kernel", "guest: at low", "kernel, with a console"] {
      #expect(svg.contains(">\(phase)"))
    }
    // No exit came from a kernel address, and no kernel spoke of init.
    #expect(!svg.contains(">kernel, silent<") && !svg.contains(">init<"))
    // On a busy host some may come faster than they are written down, and are counted together.
    let counts = svg.matches(of: />(?:port write|port read|not counted): (\d+)</).compactMap { Int($0.1) }
    #expect(counts.count >= 2 && counts.reduce(0, +) == 40_018, "\(counts)")
  }

  @Test func `a picture that cannot be written is a warning, and the guest goes on`() async throws {
    let outcome = try await run("port-exits", "/dev/full")
    #expect(outcome.status == 0 && outcome.output.count == 17)
    #expect(outcome.error.hasPrefix("warning: boot chart /dev/full: No space left on device"))
    expectFailure(
      try await run("serial", scratch("no/boot.svg")), status: 2,
      error: "--boot-chart \(scratch("no/boot.svg"))",
      hint: "directory")
  }
}
