import ProcessSupport
import Testing

/// The lessons about what a processor does by itself.
@Suite(.program, .kvm) struct ProcessorLessonTests {
  @Test func `a guest maps one page at two addresses and sees what the processor notes`() async throws {
    let outcome = try await Lesson.run("paging")
    #expect(outcome.status == 0, "\(outcome.error)")
    let lines = outcome.lines
    #expect(lines.contains("that is 0x0000000000123456"))
    #expect(lines.contains("that is nowhere"))
    #expect(lines.contains("read at     0x000000c0deadb000: 0x1122334455667788"))

    let walks = lines.split { !$0.hasPrefix("  level") }.map(Array.init)
    #expect(walks.map(\.count) == [3, 1, 4, 4], "\(outcome.output)")
    // Written through the first address, only read through the second.
    #expect(walks[2].last?.hasSuffix("63, accessed, dirty") == true)
    #expect(walks[3].last?.hasSuffix("23, accessed") == true)
    #expect(lines.last == "and now at  0x000000c0deadb000: 0x0000000000000000")
  }

  @Test func `a guest's handlers mend a division, step over an instruction and map memory`() async throws {
    let outcome = try await Lesson.run("exceptions")
    #expect(outcome.status == 0, "\(outcome.error)")
    let lines = outcome.lines
    for line in ["is 42", "was left out", "and a read gives 0x600df00d", "gives 0x00000000"] {
      #expect(lines.contains(line), "\(line)")
    }
    let exceptions = lines.compactMap { $0.firstMatch(of: /exception (\d+), error code (\d+)/) }
    #expect(exceptions.map { "\($0.1) \($0.2)" } == ["0 0", "6 0", "14 2", "14 0"], "\(outcome.output)")
    #expect(lines.contains("  no memory at 0x0000008000001010: map some, and try again"))
  }

  @Test func `a guest sleeps between the ticks of its local APIC's timer`() async throws {
    let outcome = try await Lesson.run("timer")
    #expect(outcome.status == 0, "\(outcome.error)")
    let ending = outcome.lines.last?.firstMatch(of: /^(\d+) ticks in \d+ million cycles, asleep (\d+) times$/)
    let ticks = Int(ending?.1 ?? "") ?? 0
    let sleeps = Int(ending?.2 ?? "") ?? 0
    #expect(ticks >= 10, "\(outcome.output)")
    // No sleep ends without a tick.
    #expect((1...ticks).contains(sleeps), "\(outcome.output)")
  }
}
