import ProcessSupport
import Testing

/// The lessons about what a processor does by itself.
@Suite(.program, .kvm) struct ProcessorLessonTests {
  @Test func `a guest writes to the serial port in real mode`() async throws {
    let outcome = try await Lesson.run("serial")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.lines == ["Hello from real mode"])
  }

  @Test func `a guest goes from real mode to protected mode and is stopped at a segment's end`() async throws
  {
    let outcome = try await Lesson.run("protected")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(
      outcome.lines == [
        "Hello from real mode", "Hello from protected mode", "wrote and read at 2 MiB",
        "found it at offset 0 of a segment", "behind the segment's end: refused",
      ])
  }

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

  @Test func `a guest wakes a second processor, and both count`() async throws {
    let outcome = try await Lesson.run("processors")
    #expect(outcome.status == 0, "\(outcome.error)")
    let lines = outcome.lines
    #expect(lines.prefix(2) == ["processor 0 is here", "processor 1 is here"], "\(outcome.output)")
    #expect(lines.contains("in whole steps, that makes 40000"), "\(outcome.output)")
    let halves = lines.last?.firstMatch(of: /^in two halves, that makes  (\d+)$/).flatMap { Int($0.1) } ?? 0
    #expect((1...40000).contains(halves), "\(outcome.output)")
  }

  @Test func `a guest that waits for a processor that is not there says so`() async throws {
    let outcome = try await Lesson.run("processors", "-c", "1")
    #expect(outcome.lines == ["processor 0 is here", "panic: nobody came: -c 2"])
  }

  @Test func `a guest runs programs in user mode, serves their calls and ends those that go too far`()
    async throws
  {
    let outcome = try await Lesson.run("user")
    #expect(outcome.status == 0, "\(outcome.error)")
    let lines = outcome.lines
    #expect(lines.contains("  it says: Hello from ring 3"), "\(outcome.output)")
    let endings = lines.compactMap { $0.firstMatch(of: /ended with (-?\d+)$/)?.1 }
    #expect(endings == ["19", "-1", "-2", "-2", "-2"], "\(outcome.output)")
    let exceptions = lines.compactMap { $0.firstMatch(of: /exception (\d+), error code (\d+)/) }
    #expect(exceptions.map { "\($0.1) \($0.2)" } == ["14 5", "13 0", "14 7"], "\(outcome.output)")
  }
}
