import Testing

@testable import Hypervisor
@testable import TestSupport

@Suite struct GDBSessionTests {
  private let machine: StandingMachine

  init() throws { machine = try StandingMachine() }

  private func answers(_ packets: String...) -> [GDBSession.Outcome] {
    var session = GDBSession(machine)
    return packets.map { session.answer(Array($0.utf8)) }
  }

  private func answer(_ packet: String) -> GDBSession.Outcome { answers(packet)[0] }

  /// Why the machine stopped, as gdb is told after `packets`.
  private func stopReply(_ event: DebugEvent, after packets: String...) -> String {
    var session = GDBSession(machine)
    for packet in packets { _ = session.answer(Array(packet.utf8)) }
    return String(decoding: session.stopped(event), as: UTF8.self)
  }

  // MARK: Threads and why the machine stands

  @Test func `vCPUs are threads that count from 1`() {
    #expect(answers("qfThreadInfo", "qsThreadInfo") == [.reply("m1,2"), .reply("l")])
    #expect(answers("T2", "T3", "T0", "Hg2", "Hg3", "Hc-1") == [.ok, .invalid, .invalid, .ok, .invalid, .ok])
    #expect(answer("qThreadExtraInfo,2") == .reply(Hex.text("vCPU 1".utf8)))
    #expect(answer("qC") == .reply("QC1"))
  }

  @Test func `all threads of a large machine are listed, in several packets`() throws {
    var session = GDBSession(try StandingMachine(vcpus: 600))
    var listed: [String] = []
    var query = "qfThreadInfo"
    while case .reply(let reply) = session.answer(Array(query.utf8)), reply.first == UInt8(ascii: "m") {
      listed += String(decoding: reply.dropFirst(), as: UTF8.self).split(separator: ",").map(String.init)
      query = "qsThreadInfo"
    }
    #expect(listed == (1...600).map { String($0, radix: 16) })
  }

  @Test func `a stop tells thread and cause, in the words that gdb said it knows`() {
    let supported = "qSupported:swbreak+;hwbreak+"
    #expect(answer("?") == .reply("T02thread:1;"))
    #expect(stopReply(.init(vcpu: 1, cause: .stepped)) == "T05thread:2;")
    #expect(stopReply(.init(vcpu: 1, cause: .softwareBreakpoint)) == "T05thread:2;")
    #expect(
      stopReply(.init(vcpu: 1, cause: .softwareBreakpoint), after: supported) == "T05thread:2;swbreak:;")
    #expect(
      stopReply(.init(vcpu: 0, cause: .hardwareBreakpoint), after: supported) == "T05thread:1;hwbreak:;")
    #expect(stopReply(.init(vcpu: 0, cause: .watch(0xABC, isAccess: false))) == "T05thread:1;watch:abc;")
    #expect(stopReply(.init(vcpu: 0, cause: .watch(0xABC, isAccess: true))) == "T05thread:1;awatch:abc;")
    #expect(stopReply(.init(vcpu: 0, cause: .crashed)) == "T04thread:1;")
  }

  // MARK: Registers

  @Test func `one register at a time is written and read back`() {
    let number = "7"  // rsp
    #expect(
      answers("p\(number)", "P\(number)=8877665544332211", "p\(number)")
        == [.reply("0000000000000000"), .ok, .reply("8877665544332211")])
    #expect(register(7, of: 0) == [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11])
    #expect(register(7, of: 1) == [0, 0, 0, 0, 0, 0, 0, 0])
    #expect(answers("Hg2", "P7=0100000000000000") == [.ok, .ok])
    #expect(register(7, of: 1) == [1, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func `all registers at once are read, changed and written`() throws {
    guard case .reply(var text) = answer("g") else { throw Missing() }
    let size = machine.description.registers.reduce(0) { $0 + $1.size }
    #expect(text.count == 2 * size)
    text[0] = UInt8(ascii: "a")
    #expect(answer("G" + String(decoding: text, as: UTF8.self)) == .ok)
    #expect(register(0, of: 0).first == 0xA0)
    #expect(answer("G" + String(decoding: text.dropLast(2), as: UTF8.self)) == .invalid)
  }

  /// A register of a vCPU, the lowest byte first.
  private func register(_ index: Int, of vcpu: Int) -> [UInt8] {
    machine.files[vcpu].bytes(of: machine.description.registers[index])
  }

  private struct Missing: Error {}

  @Test(arguments: [
    "p", "pfff", "pffffffffffffffff", "px", "P7", "P7=", "P7=00", "P7=zz", "Pfff=00", "G", "Gxyz",
  ])
  func `a register that is none, or a value that does not fit, is refused`(packet: String) {
    #expect(answer(packet) == .invalid)
    #expect(machine.files.allSatisfy { $0.changed == [] })
  }

  // MARK: Memory

  @Test func `memory is written and read by virtual and by physical address`() throws {
    #expect(answers("M100010,3:010203", "m100010,4") == [.ok, .reply("01020300")])
    #expect(try machine.guestBytes(3, at: 0x10) == [1, 2, 3])
    #expect(
      answers("m10,2", "Qqemu.PhyMemMode:1", "qqemu.PhyMemMode", "m10,2") == [
        .fault, .ok, .reply("1"), .reply("0102"),
      ])
    #expect(answer("Qqemu.PhyMemMode:2") == .invalid)
  }

  @Test func `raw bytes are written as they are`() throws {
    var session = GDBSession(machine)
    #expect(session.answer(Array("X100000,4:".utf8) + [0, 0x3A, 0x2C, 0xFF]) == .ok)
    #expect(try machine.guestBytes(4, at: 0) == [0, 0x3A, 0x2C, 0xFF])
    #expect(session.answer(Array("X0,0:".utf8)) == .ok)
  }

  @Test func `reading ends where memory does, and writing there does nothing`() throws {
    #expect(answer("m10fffe,8") == .reply("0000"))
    #expect(answer("m110000,1") == .fault)
    #expect(answer("M10fffe,4:01020304") == .fault)
    #expect(try machine.guestBytes(2, at: 0xFFFE) == [0, 0])
    guard case .reply(let most) = answer("m100000,ffffffffffffffff") else { throw Missing() }
    #expect(most.count == GDBFraming.mostPayload)
  }

  @Test(arguments: [
    "m", "m1", "m1,", "m,1", "m1,1x", "mg,1", "m10000000000000000,1", "M100000,2:00", "M100000,1:0",
    "M100000:00", "X1",
    "X100000,5:abc",
  ])
  func `a request for memory that is not whole is refused`(packet: String) {
    #expect(answer(packet) == .invalid)
  }

  // MARK: Breakpoints

  @Test func `each type of breakpoint goes where it belongs`() throws {
    #expect(
      answers("Z0,100004,1", "Z1,100008,1", "Z2,100010,8", "Z3,100010,8", "Z4,100010,8") == [
        .ok, .ok, .ok, .unknown, .unknown,
      ])
    #expect(try machine.guestBytes(1, at: 4) == [0xCC])
    #expect((0..<4).map(machine.hardware.address) == [0x100008, 0x100010, 0, 0])
    #expect(answers("z0,100004,1", "z1,100008,1", "z2,100010,8") == [.ok, .ok, .ok])
    #expect(try machine.guestBytes(1, at: 4) == [0])
    #expect(machine.hardware.isEmpty)
  }

  @Test func `one that cannot be had says why`() {
    #expect(answer("Z0,10,1") == .fault)
    #expect(answer("Z2,100000,21") == .noneLeft)
    #expect(
      answers("Z0", "Z0,1", "Z0,,1", "Z5,1,1", "Z", "z") == [
        .invalid, .invalid, .invalid, .unknown, .invalid, .invalid,
      ])
  }

  // MARK: Going on

  @Test(
    arguments: [
      ("c", [.go, .go]), ("s", [.step, .go]), ("C05", [.go, .go]), ("vCont;c", [.go, .go]),
      ("vCont;s:1;c", [.step, .go]), ("vCont;s:2", [.stay, .step]), ("vCont;c:2;s:2;c:-1", [.go, .go]),
      ("vCont;S05:1;C05", [.step, .go]),
    ] as [(String, [DebugMotion])])
  func `vCPUs move as they are told`(packet: String, motions: [DebugMotion]) {
    #expect(answer(packet) == .resume(motions))
  }

  @Test func `a vCPU that was chosen moves alone`() {
    #expect(
      answers("Hc2", "s", "c", "Hc0", "c") == [
        .ok, .resume([.stay, .step]), .resume([.stay, .go]), .ok, .resume([.go, .go]),
      ])
  }

  @Test(arguments: [
    "vCont", "vCont;", "vCont;x", "vCont;c:3", "vCont;c:0", "vCont;s:1x", "vCont;C", "cg", "c10", "C", "Cx",
  ])
  func `a motion that is none moves nothing`(packet: String) {
    #expect(answer(packet) == .invalid)
  }

  @Test func `the ways to end a session are told apart`() {
    #expect(answer("D") == .detach(Array("OK".utf8)))
    #expect(answer("k") == .kill(nil))
    #expect(answer("vKill;1") == .kill(Array("OK".utf8)))
  }

  // MARK: What there is

  @Test func `the description comes in parts that make the whole`() throws {
    let whole = machine.description.xml
    var text: [UInt8] = []
    var session = GDBSession(machine)
    while case .reply(let part) = session.answer(
      Array("qXfer:features:read:target.xml:\(String(text.count, radix: 16)),3ff".utf8))
    {
      text += part.dropFirst()
      guard part.first == UInt8(ascii: "m") else { break }
      try #require(part.count == 0x400)
    }
    #expect(String(decoding: text, as: UTF8.self) == whole)
    #expect(answer("qXfer:features:read:target.xml:ffffffff,10") == .invalid)
    #expect(answer("qXfer:features:read:other.xml:0,10") == .unknown)
  }

  @Test(arguments: ["", "!", "vMustReplyEmpty", "qOffsets", "Qx", "q", "v", "\u{7F}", "R00"])
  func `an unknown packet has the empty answer`(packet: String) {
    #expect(answer(packet) == .unknown)
  }

  @Test func `acknowledgements stop when asked to`() {
    var session = GDBSession(machine)
    #expect(session.acknowledges)
    #expect(session.answer(Array("QStartNoAckMode".utf8)) == .ok)
    #expect(!session.acknowledges)
  }
}
