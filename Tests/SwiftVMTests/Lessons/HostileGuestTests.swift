import ProcessSupport
import Testing

/// A guest whose drivers do what drivers must not (guests/hostile): every device answers each trick as the
/// specification says, and serves the next driver.
@Suite(.program, .kvm) struct HostileGuestTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// What is a driver's fault and nobody's request (virtio 1.2 section 2.1.2).
  private static let faults = [
    "a chain that runs in circles", "a chain past the table", "a head past the table",
    "a count that ran away",
    "a count that went back", "memory that is not there", "memory past the end of all addresses",
    "memory of 4 GiB", "registers for memory", "a table in the table, not agreed on",
    "a queue of no power of two, outside memory",
  ]

  private func expectEndurance(_ outcome: Program.Outcome, _ devices: [String]) {
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.error == "")
    let lines = outcome.lines
    #expect(lines.filter { !$0.hasPrefix(" ") } == devices + ["the end"], "\(outcome.output)")
    let tricks = lines.filter { $0.hasPrefix("  ") }
    #expect(tricks.count == devices.count * 21, "\(outcome.output)")
    for trick in tricks { #expect(trick.hasSuffix(", then served")) }
    for fault in Self.faults {
      let answers = tricks.filter { $0.hasPrefix("  \(fault): ") }
      #expect(answers.count == devices.count, "\(fault)")
      for answer in answers { #expect(answer.contains(": needs a reset,")) }
    }
  }

  @Test func `a disk and an entropy device serve on after everything that a driver can do wrong`()
    async throws
  {
    let disk = try scratch.file("disk", [UInt8](repeating: 0, count: 1 << 20))
    expectEndurance(try await Lesson.run("hostile", "-d", disk), ["disk", "entropy device"])
  }

  @Test func `so does a disk with four queues and threads`() async throws {
    let disk = try scratch.file("disk", [UInt8](repeating: 0, count: 1 << 20))
    expectEndurance(
      try await Lesson.run("hostile", "-d", "\(disk),queues=4,io=threads"), ["disk", "entropy device"])
  }

  @Test(.networkNamespace) func `so does a network card`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      """
      export vm guests; exec unshare -rn bash -c '
        ip tuntap add tap0 mode tap && ip link set tap0 up || exit
        exec $vm run -k $guests/hostile.elf -m 16 -n tap=tap0'
      """)
    expectEndurance(outcome, ["network card", "entropy device"])
  }
}
