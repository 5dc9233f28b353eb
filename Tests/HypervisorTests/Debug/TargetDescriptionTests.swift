import Testing

@testable import Hypervisor

@Suite struct TargetDescriptionTests {
  /// The value of an attribute in a tag.
  private func attribute(_ name: String, _ tag: Substring) -> Substring? {
    guard let match = tag.firstRange(of: " \(name)=\"") else { return nil }
    return tag[match.upperBound...].prefix { $0 != "\"" }
  }

  /// Each tag's text between the brackets.
  private func tags(_ xml: String) -> [Substring] {
    xml.split(separator: "<").map { $0.prefix { $0 != ">" } }
  }

  @Test(arguments: [false, true])
  func `each tag that is opened is closed, in order`(hasAVX: Bool) {
    var open: [Substring] = []
    for tag in tags(TargetDescription(hasAVX: hasAVX).xml) {
      guard let first = tag.first, first != "?", first != "!", tag.last != "/" else { continue }
      let name = tag.prefix { $0 != " " }
      if first == "/" {
        #expect(open.popLast() == name.dropFirst())
      } else {
        open.append(name)
      }
    }
    #expect(open.isEmpty)
  }

  @Test(arguments: [false, true])
  func `registers come in the order and size in which the document names them`(hasAVX: Bool) {
    let description = TargetDescription(hasAVX: hasAVX)
    let named = tags(description.xml).filter { $0.hasPrefix("reg ") }
    #expect(named.map { attribute("name", $0) ?? "" } == description.registers.map { $0.name[...] })
    #expect(named.map { attribute("bitsize", $0) ?? "" } == description.registers.map { "\($0.bits)"[...] })
    #expect(Set(description.registers.map(\.name)).count == description.registers.count)
    let file = RegisterFile()
    for register in description.registers { #expect(file.bytes(of: register).count == register.bits / 8) }
  }

  @Test(arguments: [false, true])
  func `each type is gdb's own or one that the document has defined by then`(hasAVX: Bool) {
    var known: Set<Substring> = [
      "int", "int8", "int16", "int32", "int64", "uint128", "code_ptr", "data_ptr", "i387_ext", "ieee_single",
      "ieee_double",
    ]
    for tag in tags(TargetDescription(hasAVX: hasAVX).xml) {
      if let id = attribute("id", tag) { known.insert(id) }
      if let type = attribute("type", tag) { #expect(known.contains(type), "\(tag)") }
    }
  }

  @Test func `the registers of AVX are there where the guest has it`() {
    #expect(!TargetDescription(hasAVX: false).xml.contains("ymm"))
    #expect(TargetDescription(hasAVX: true).registers.contains { $0.name == "ymm15h" })
  }
}

@Suite struct RegisterFileTests {
  private let registers = TargetDescription(hasAVX: true).registers

  /// Selectors aside, which a debugger cannot change.
  private static func isWritable(_ register: DebugRegister) -> Bool {
    if case .selector = register.place { false } else { true }
  }

  /// A value of the register's size that it can hold.
  private func value(of register: DebugRegister, _ index: Int) -> [UInt8] {
    switch register.place {
    case .extended(let count, _):
      (0..<register.size).map { $0 < count ? UInt8(truncatingIfNeeded: index + $0 + 1) : 0 }
    case .tagWord: [0x0F, 0, 0, 0]
    default: (0..<register.size).map { UInt8(truncatingIfNeeded: index + $0 + 1) }
    }
  }

  @Test func `each register keeps its own value`() {
    var file = RegisterFile()
    let writable = registers.enumerated().filter { Self.isWritable($0.element) }
    for (index, register) in writable { #expect(file.set(register, to: value(of: register, index)) == true) }
    for (index, register) in writable {
      #expect(file.bytes(of: register) == value(of: register, index), "\(register.name)")
    }
    #expect(file.changed == [.general, .system, .extended])
  }

  @Test func `a selector can only be set to what it is, and no register to a wrong size`() throws {
    var file = RegisterFile()
    let selector = try #require(registers.first { $0.name == "cs" })
    #expect(file.set(selector, to: [0, 0, 0, 0]) == true)
    #expect(file.set(selector, to: [8, 0, 0, 0]) == false)
    for register in registers { #expect(file.set(register, to: file.bytes(of: register) + [0]) == false) }
    #expect(file.changed == [])
  }

  @Test func `what an XSAVE area does not hold is as after reset`() {
    var area = [UInt8](repeating: 0xEE, count: VirtualCPU.extendedStateSize)
    area[ExtendedState.Offset.components] = 0
    let state = ExtendedState(area)
    #expect(state.bytes(2, at: ExtendedState.Offset.control) == [0x7F, 0x03])
    #expect(state.bytes(4, at: ExtendedState.Offset.mxcsr) == [0x80, 0x1F, 0, 0])
    #expect(state.bytes(16, at: ExtendedState.Offset.xmm).allSatisfy { $0 == 0 })
    #expect(state.bytes(16, at: ExtendedState.Offset.upperYMM).allSatisfy { $0 == 0 })
    #expect(state.tagWord == 0xFFFF)
    #expect(state.area[ExtendedState.Offset.components] == 0)
  }

  @Test func `an area that was written to holds what was written`() {
    var state = ExtendedState()
    state.set([1], at: ExtendedState.Offset.xmm)
    #expect(state.area[ExtendedState.Offset.components] == 3)
    state.set([1], at: ExtendedState.Offset.upperYMM)
    #expect(state.area[ExtendedState.Offset.components] == 7)
  }
}
