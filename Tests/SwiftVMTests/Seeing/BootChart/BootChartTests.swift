import Devices
import Testing

@testable import Hypervisor
@testable import swiftvm

struct ExitTimelineTests {
  @Test func `exits are counted by slice and reason`() {
    var timeline = ExitTimeline()
    timeline.note(.portWrite, at: 0)
    timeline.note(.portWrite, at: 999_999)
    timeline.note(.halt, at: 999_999)
    timeline.note(.portWrite, at: 1_000_000)
    #expect(timeline.count(.portWrite, in: 0) == 2)
    #expect(timeline.count(.portWrite, in: 1) == 1)
    #expect(timeline.count(.halt, in: 0) == 1)
    #expect(timeline.count(.halt, in: 1) == 0)
    #expect(timeline.most == 3)
  }

  @Test func `slices become wider, their number stays bounded, and no exit is lost`() {
    var timeline = ExitTimeline()
    for second in UInt64(0)..<3600 { timeline.note(.mmioRead, at: second * 1_000_000_000) }
    #expect(timeline.sliceCount <= ExitTimeline.mostSlices)
    #expect((0..<timeline.sliceCount).reduce(0) { $0 + timeline.count(.mmioRead, in: $1) } == 3600)
    timeline.note(.mmioRead, at: .max / 2)
    #expect(timeline.sliceCount <= ExitTimeline.mostSlices)
  }
}

struct BootPhasesTests {
  @Test func `phases follow each other without gaps, from the start to the end`() {
    let phases = BootPhases(
      .init(load: 10, finish: 30, run: 35, kernel: 100, output: 150, initialise: 400, end: 1000)
    ).phases
    #expect(phases.map(\.begin) == [0, 10, 30, 35, 100, 150, 400])
    #expect(phases.map(\.end) == [10, 30, 35, 100, 150, 400, 1000])
    #expect(phases.map(\.name).last == "init")
  }

  @Test func `what was not seen is no phase`() {
    let phases = BootPhases(.init(load: 10, finish: 30, run: 35, output: 50, end: 60)).phases
    #expect(phases.map(\.begin) == [0, 10, 30, 35, 50])
    #expect(!phases.contains { $0.name == "init" || $0.name == "kernel, silent" })
  }

  @Test func `a kernel that talks before it runs at its own addresses turns the order round`() {
    let phases = BootPhases(.init(load: 1, finish: 2, run: 3, kernel: 50, output: 20, end: 100)).phases
    #expect(phases.map(\.begin) == [0, 1, 2, 3, 20, 50])
    #expect(zip(phases, phases.dropFirst()).allSatisfy { $0.end == $1.begin })
  }
}

struct ConsoleListenerTests {
  private final class Sink: ConsoleSink {
    let room: Int
    var byteCount: UInt64 { 7 }

    init(room: Int) { self.room = room }

    func accept(_ byte: UInt8) -> Bool { room > 0 }
    func accept(_ bytes: UnsafeRawBufferPointer) -> Int { min(bytes.count, room) }
  }

  private let marks = BootMarks()

  @Test func `the first byte and the kernel's word of init are heard, byte by byte`() {
    let ear = ConsoleListener(on: Sink(room: 1), marks)
    #expect(marks.firstByte == 0)
    for byte in Array("[    0.9] Run /init as init proces".utf8) { #expect(ear.accept(byte)) }
    #expect(marks.firstByte != 0)
    #expect(marks.initBegin == 0)
    #expect(ear.accept(UInt8(ascii: "s")))
    #expect(marks.initBegin >= marks.firstByte)
    #expect(ear.byteCount == 7)
  }

  @Test func `it is heard across pieces, and what the sink did not take is not heard`() {
    let ear = ConsoleListener(on: Sink(room: 12), marks)
    func send(_ text: String) -> Int { unsafe Array(text.utf8).withUnsafeBytes { unsafe ear.accept($0) } }
    #expect(send("Run /sbin/i as init process") == 12)
    #expect(marks.initBegin == 0)
    #expect(send("nit as in") == 9)
    #expect(send("it process") == 10)
    #expect(marks.initBegin != 0)
  }

  @Test func `a byte that is turned away has not come`() {
    #expect(!ConsoleListener(on: Sink(room: 0), marks).accept(65))
    #expect(marks.firstByte == 0)
  }
}

struct BootPictureTests {
  private func exits() -> ExitTimeline {
    var exits = ExitTimeline()
    for (index, reason) in ExitReason.allCases.enumerated() {
      for time in UInt64(0)...UInt64(index) { exits.note(reason, at: time * 1_000_000) }
    }
    return exits
  }

  @Test func `the picture is balanced, and nothing is outside of it`() throws {
    let phases = BootPhases(
      .init(
        load: 1_000_000, finish: 2_000_000, run: 3_000_000, kernel: 4_000_000, output: 5_000_000,
        end: 9_000_000))
    let svg = BootPicture(phases, exits()).svg
    #expect(svg.hasPrefix("<?xml ") && svg.hasSuffix("</svg>\n"))
    #expect(svg.contains("prefers-color-scheme: dark"))
    for number in svg.matches(of: /\b(x|x1|x2|width)="([0-9.]+)"/) {
      #expect(try #require(Double(number.2)) <= 960)
    }
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    #expect(!svg.contains("not counted"))
    #expect(BootPicture(phases, exits(), lost: 5).svg.contains(">not counted: 5<"))
    #expect(svg.matches(of: /class="phase"/).count == phases.phases.count)
    for reason in ExitReason.allCases { #expect(svg.contains("z\" class=\"r\(reason.rawValue)\"/>")) }
  }

  @Test func `a machine that ended at once has a picture too`() {
    #expect(BootPicture(BootPhases(.init(end: 0)), ExitTimeline()).svg.hasSuffix("</svg>\n"))
  }
}
