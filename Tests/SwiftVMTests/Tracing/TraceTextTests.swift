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

  @Test func `numbers of any size are shown, not counted with`() {
    var text = text()
    for number in [-.infinity, -1, 0, 1e300, .infinity, .nan] as [Double] {
      let event = TraceEvent(name: "HLT", ph: "X", tid: .max, ts: number, dur: number)
      #expect(text.line(event)?.contains("HLT") == true)
    }
  }
}
