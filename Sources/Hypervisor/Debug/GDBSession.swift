/// A conversation with gdb while the machine stands still: a packet in, a reply out (Debugging with GDB, appendix E).
/// Knows nothing of sockets and of the machine only what `DebugTarget` offers.
struct GDBSession {
  /// What a packet leads to.
  enum Outcome: Hashable {
    case reply([UInt8])
    /// The machine goes on; the reply comes when it stops. One motion a vCPU.
    case resume([DebugMotion])
    /// The reply, and then the machine goes on without a debugger.
    case detach([UInt8])
    /// The machine ends.
    case kill([UInt8]?)

    static func reply(_ text: String) -> Outcome { .reply(Array(text.utf8)) }
    static let ok = reply("OK")
    /// This packet is not known here.
    static let unknown = reply("")
    /// The packet makes no sense.
    static let invalid = reply("E16")
    /// There is no memory.
    static let fault = reply("E0e")
    static let noneLeft = reply("E1c")
    static let failed = reply("E05")
  }

  let target: any DebugTarget
  /// Why the machine stands.
  private(set) var event = DebugEvent(vcpu: 0, cause: .interrupted)
  /// The vCPU that registers and memory are asked of (`Hg`), and the one that `s` and `c` are for (`Hc`; nil: all).
  var selected = 0
  var moving: Int?
  /// Whether addresses are physical, as QEMU's packet of that name says.
  var isPhysical = false
  /// Whether packets are acknowledged.
  var acknowledges = true
  var reportsSoftwareBreakpoints = false
  var reportsHardwareBreakpoints = false
  /// How many of the threads have been listed (`qfThreadInfo`).
  var listedThreads = 0

  init(_ target: any DebugTarget) {
    self.target = target
  }

  /// The machine stopped: what to tell gdb.
  mutating func stopped(_ event: DebugEvent) -> [UInt8] {
    self.event = event
    selected = event.vcpu
    return stopReply
  }

  mutating func answer(_ packet: [UInt8]) -> Outcome {
    var text = GDBText(packet)
    switch text.next() {
    case UInt8(ascii: "?"): return .reply(stopReply)
    case UInt8(ascii: "g"): return readRegisters()
    case UInt8(ascii: "G"): return writeRegisters(text.rest)
    case UInt8(ascii: "p"): return readRegister(&text)
    case UInt8(ascii: "P"): return writeRegister(&text)
    case UInt8(ascii: "m"): return readMemory(&text)
    case UInt8(ascii: "M"): return writeMemory(&text) { Hex.bytes($0) }
    case UInt8(ascii: "X"): return writeMemory(&text) { Array($0) }
    case UInt8(ascii: "Z"): return changeBreakpoint(&text, isInserted: true)
    case UInt8(ascii: "z"): return changeBreakpoint(&text, isInserted: false)
    case UInt8(ascii: "c"): return text.isAtEnd ? move(.go) : .invalid
    case UInt8(ascii: "s"): return text.isAtEnd ? move(.step) : .invalid
    // With a signal, which a machine has no use for.
    case UInt8(ascii: "C"): return text.number() != nil && text.isAtEnd ? move(.go) : .invalid
    case UInt8(ascii: "S"): return text.number() != nil && text.isAtEnd ? move(.step) : .invalid
    case UInt8(ascii: "H"): return selectThread(&text)
    case UInt8(ascii: "T"): return thread(&text) == nil ? .invalid : .ok
    case UInt8(ascii: "k"): return .kill(nil)
    case UInt8(ascii: "D"): return .detach(Array("OK".utf8))
    case UInt8(ascii: "q"), UInt8(ascii: "Q"): return query(packet)
    case UInt8(ascii: "v"): return verbose(packet)
    default: return .unknown
    }
  }

  /// Why the machine stands, as a stop reply packet.
  private var stopReply: [UInt8] {
    let signal =
      switch event.cause {
      case .interrupted: "02"
      case .stepped, .softwareBreakpoint, .hardwareBreakpoint, .watch: "05"
      case .crashed: "04"
      case .tripleFault: "0b"
      }
    var text = "T\(signal)thread:\(Self.name(event.vcpu));"
    switch event.cause {
    case .softwareBreakpoint where reportsSoftwareBreakpoints: text += "swbreak:;"
    case .hardwareBreakpoint where reportsHardwareBreakpoints: text += "hwbreak:;"
    case .watch(let address, let isAccess):
      text += "\(isAccess ? "awatch" : "watch"):\(String(address, radix: 16));"
    default: break
    }
    return Array(text.utf8)
  }

  // MARK: Threads

  /// The name of a vCPU as a thread: its number, from 1 on.
  static func name(_ vcpu: Int) -> String { String(vcpu + 1, radix: 16) }

  /// Reads a thread's name; nil where there is no such vCPU.
  func thread(_ text: inout GDBText) -> Int? {
    guard let number = text.number(), number >= 1, number <= UInt64(target.vcpuCount) else { return nil }
    return Int(number) - 1
  }

  private mutating func selectThread(_ text: inout GDBText) -> Outcome {
    let use = text.next()
    // -1 are all and 0 is any.
    let isAny = text.rest.elementsEqual("-1".utf8) || text.rest.elementsEqual("0".utf8)
    let vcpu = isAny ? nil : thread(&text)
    guard isAny || (vcpu != nil && text.isAtEnd) else { return .invalid }
    switch use {
    case UInt8(ascii: "g"): selected = vcpu ?? event.vcpu
    case UInt8(ascii: "c"): moving = vcpu
    default: return .invalid
    }
    return .ok
  }

  // MARK: Registers

  private func readRegisters() -> Outcome {
    guard let registers = target.registers(of: selected) else { return .failed }
    return .reply(target.description.registers.flatMap { Hex.text(registers.bytes(of: $0)) })
  }

  private func readRegister(_ text: inout GDBText) -> Outcome {
    guard let register = register(&text), text.isAtEnd else { return .invalid }
    guard let registers = target.registers(of: selected) else { return .failed }
    return .reply(Hex.text(registers.bytes(of: register)))
  }

  private func writeRegisters(_ text: ArraySlice<UInt8>) -> Outcome {
    let all = target.description.registers
    guard let bytes = Hex.bytes(text), bytes.count == all.reduce(0, { $0 + $1.size }) else { return .invalid }
    guard var registers = target.registers(of: selected) else { return .failed }
    var rest = bytes[...]
    for register in all {
      guard registers.set(register, to: Array(rest.prefix(register.size))) else { return .invalid }
      rest = rest.dropFirst(register.size)
    }
    return target.set(registers, of: selected) ? .ok : .failed
  }

  private func writeRegister(_ text: inout GDBText) -> Outcome {
    guard let register = register(&text), text.skip("="), let bytes = Hex.bytes(text.rest) else {
      return .invalid
    }
    guard var registers = target.registers(of: selected) else { return .failed }
    guard registers.set(register, to: bytes) else { return .invalid }
    return target.set(registers, of: selected) ? .ok : .failed
  }

  private func register(_ text: inout GDBText) -> DebugRegister? {
    let all = target.description.registers
    guard let number = text.number(), number < UInt64(all.count) else { return nil }
    return all[Int(number)]
  }
}
