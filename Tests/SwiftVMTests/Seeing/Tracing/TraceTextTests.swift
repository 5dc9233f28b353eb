import Testing

@testable import swiftvm

struct TraceTextTests {
  private static let exit = TraceEvent(
    name: "port write COM1 THR/DLL", cat: "exit", ph: "X", tid: 1, ts: 1_500_000.25, dur: 0.8,
    args: .init(
      reason: "port write", device: "COM1", register: "THR/DLL", address: "0x3f8", value: "0x41",
      rip: "0x7c12",
      width: 1))

  private func text(_ filter: TraceText.Filter = .init()) -> TraceText {
    var text = TraceText(filter)
    for (thread, name) in [(1, "vcpu-0"), (2, "vcpu-10")] as [(UInt64, String)] {
      let track = TraceEvent(name: "thread_name", ph: "M", tid: thread, args: .init(name: name))
      #expect(text.line(track) == nil)
    }
    return text
  }

  @Test func `an exit is a line with its time, vCPU, place, value and duration`() {
    var text = text()
    #expect(
      text.line(Self.exit)
        == "    1.500000  vcpu-0            port write COM1 THR/DLL             0x3f8 = 0x41, 1 byte, rip 0x7c12, 800 ns"
    )
  }

  @Test func `each filter keeps what it names and no more`() {
    func isShown(_ filter: TraceText.Filter) -> Bool {
      var text = text(filter)
      return text.line(Self.exit) != nil
    }
    #expect(isShown(.init(vcpu: 0)))
    #expect(!isShown(.init(vcpu: 1)))
    #expect(!isShown(.init(vcpu: 10)))
    #expect(isShown(.init(reason: "port write")))
    #expect(!isShown(.init(reason: "port")))
    #expect(isShown(.init(device: "com1")))
    #expect(!isShown(.init(device: "disk0")))
    #expect(isShown(.init(since: 1.5, until: 1.6)))
    #expect(!isShown(.init(since: 1.6)))
    #expect(!isShown(.init(until: 1.4)))
  }

  @Test func `where nothing fits, it is told what there is`() {
    func complaint(_ filter: TraceText.Filter) -> Failure? {
      var text = text(filter)
      _ = text.line(Self.exit)
      return text.complaint(about: "t")
    }
    #expect(complaint(.init(vcpu: 7))?.message == "trace t has no vCPU 7")
    #expect(complaint(.init(vcpu: 7))?.hint == "its vCPUs are 0, 10")
    #expect(complaint(.init(device: "foo"))?.message == "trace t has no event of a device foo")
    #expect(complaint(.init(device: "foo"))?.hint == "its devices are COM1")
    #expect(complaint(.init(vcpu: 10, device: "COM1"))?.message == "trace t has no such event")
    #expect(complaint(.init(since: 2))?.hint?.contains("second 1.500000") == true)
    #expect(complaint(.init(vcpu: 0, device: "com1")) == nil)
    // An empty trace has nothing to show, and nothing was left out.
    #expect(text().complaint(about: "t") == nil)
  }

  @Test func `numbers of any size are shown, not counted with`() {
    var text = text()
    for number in [-.infinity, -1, 0, 1e300, .infinity, .nan] as [Double] {
      let event = TraceEvent(name: "HLT", ph: "X", tid: .max, ts: number, dur: number)
      #expect(text.line(event)?.contains("HLT") == true)
    }
  }
}
