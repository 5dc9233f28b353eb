internal import CKVM

/// A register as gdb knows it, and where this program has it.
struct DebugRegister: Sendable {
  enum Place: Sendable {
    case general(any WritableKeyPath<kvm_regs, UInt64> & Sendable)
    /// Only the segment's selector.
    case selector(any WritableKeyPath<kvm_sregs, kvm_segment> & Sendable)
    /// Only the segment's base.
    case base(any WritableKeyPath<kvm_sregs, kvm_segment> & Sendable)
    case system(any WritableKeyPath<kvm_sregs, UInt64> & Sendable)
    case table(any WritableKeyPath<kvm_sregs, kvm_dtable> & Sendable)
    /// So many bytes of the extended state, at this offset. gdb's register may be wider.
    case extended(Int, at: Int)
    case tagWord
  }

  let name: String
  let bits: Int
  /// As in the target description.
  let type: String
  let place: Place

  var size: Int { bits / 8 }
}

/// Registers that gdb knows together, under a name that its manual lists (section G.5.15) or that is ours.
struct RegisterFeature: Sendable {
  let name: String
  /// Types that the registers use, as XML.
  let types: String
  let registers: [DebugRegister]
}

extension RegisterFeature {
  static let core = RegisterFeature(
    name: "org.gnu.gdb.i386.core",
    types: """
      <flags id="flags" size="4">
      \(bits([
        (0, "CF"), (1, ""), (2, "PF"), (4, "AF"), (6, "ZF"), (7, "SF"), (8, "TF"), (9, "IF"), (10, "DF"),
        (11, "OF"), (14, "NT"), (16, "RF"), (17, "VM"), (18, "AC"), (19, "VIF"), (20, "VIP"), (21, "ID"),
      ]))</flags>

      """,
    registers: general + segments + x87)

  private static let general: [DebugRegister] =
    [
      ("rax", \.rax), ("rbx", \.rbx), ("rcx", \.rcx), ("rdx", \.rdx), ("rsi", \.rsi), ("rdi", \.rdi),
      ("rbp", \.rbp), ("rsp", \.rsp), ("r8", \.r8), ("r9", \.r9), ("r10", \.r10), ("r11", \.r11),
      ("r12", \.r12), ("r13", \.r13), ("r14", \.r14), ("r15", \.r15), ("rip", \.rip),
    ].map { DebugRegister(name: $0, bits: 64, type: pointers[$0] ?? "int64", place: .general($1)) }
    + [DebugRegister(name: "eflags", bits: 32, type: "flags", place: .general(\.rflags))]

  private static let pointers = ["rbp": "data_ptr", "rsp": "data_ptr", "rip": "code_ptr"]

  private static let segments: [DebugRegister] =
    [("cs", \.cs), ("ss", \.ss), ("ds", \.ds), ("es", \.es), ("fs", \.fs), ("gs", \.gs)]
    .map { DebugRegister(name: $0, bits: 32, type: "int32", place: .selector($1)) }

  private static let x87: [DebugRegister] =
    (0..<8).map {
      let offset = ExtendedState.Offset.stack + 16 * $0
      return DebugRegister(name: "st\($0)", bits: 80, type: "i387_ext", place: .extended(10, at: offset))
    }
    + [
      ("fctrl", .extended(2, at: ExtendedState.Offset.control)),
      ("fstat", .extended(2, at: ExtendedState.Offset.status)), ("ftag", .tagWord),
      ("fiseg", .extended(2, at: ExtendedState.Offset.instructionSegment)),
      ("fioff", .extended(4, at: ExtendedState.Offset.instruction)),
      ("foseg", .extended(2, at: ExtendedState.Offset.dataSegment)),
      ("fooff", .extended(4, at: ExtendedState.Offset.data)),
      ("fop", .extended(2, at: ExtendedState.Offset.opcode)),
    ].map { DebugRegister(name: $0, bits: 32, type: "int", place: $1) }

  static let sse = RegisterFeature(
    name: "org.gnu.gdb.i386.sse",
    types: """
      <vector id="v4f" type="ieee_single" count="4"/>
      <vector id="v2d" type="ieee_double" count="2"/>
      <vector id="v16i8" type="int8" count="16"/>
      <vector id="v8i16" type="int16" count="8"/>
      <vector id="v4i32" type="int32" count="4"/>
      <vector id="v2i64" type="int64" count="2"/>
      <union id="vec128">
      <field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>
      <field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/>
      <field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/>
      <field name="uint128" type="uint128"/>
      </union>
      <flags id="mxcsr" size="4">
      \(bits([
        (0, "IE"), (1, "DE"), (2, "ZE"), (3, "OE"), (4, "UE"), (5, "PE"), (6, "DAZ"), (7, "IM"), (8, "DM"),
        (9, "ZM"), (10, "OM"), (11, "UM"), (12, "PM"), (15, "FZ"),
      ]))</flags>

      """,
    registers: (0..<16).map {
      let offset = ExtendedState.Offset.xmm + 16 * $0
      return DebugRegister(name: "xmm\($0)", bits: 128, type: "vec128", place: .extended(16, at: offset))
    } + [
      DebugRegister(
        name: "mxcsr", bits: 32, type: "mxcsr", place: .extended(4, at: ExtendedState.Offset.mxcsr))
    ])

  static let avx = RegisterFeature(
    name: "org.gnu.gdb.i386.avx", types: "",
    registers: (0..<16).map {
      let offset = ExtendedState.Offset.upperYMM + 16 * $0
      return DebugRegister(name: "ymm\($0)h", bits: 128, type: "uint128", place: .extended(16, at: offset))
    })

  static let segmentBases = RegisterFeature(
    name: "org.gnu.gdb.i386.segments", types: "",
    registers: [
      DebugRegister(name: "fs_base", bits: 64, type: "int64", place: .base(\.fs)),
      DebugRegister(name: "gs_base", bits: 64, type: "int64", place: .base(\.gs)),
    ])

  /// What no user program sees. gdb knows nothing of these but what the description says.
  static let system = RegisterFeature(
    name: "org.swiftvm.system", types: "",
    registers: ([
      ("cr0", .system(\.cr0)), ("cr2", .system(\.cr2)), ("cr3", .system(\.cr3)), ("cr4", .system(\.cr4)),
      ("cr8", .system(\.cr8)), ("efer", .system(\.efer)), ("gdt_base", .table(\.gdt)),
      ("idt_base", .table(\.idt)), ("tr_base", .base(\.tr)),
    ]).map { DebugRegister(name: $0, bits: 64, type: "int64", place: $1) })

  private static func bits(_ names: [(Int, String)]) -> String {
    names.map { #"<field name="\#($1)" start="\#($0)" end="\#($0)"/>"# + "\n" }.joined()
  }
}
