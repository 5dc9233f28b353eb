/// What gdb is told of a vCPU's registers: which there are, how wide, in which order (Debugging with GDB, appendix G).
struct TargetDescription: Sendable {
  let features: [RegisterFeature]
  /// All of them, in gdb's order: a register's number is its index.
  let registers: [DebugRegister]

  init(hasAVX: Bool) {
    features =
      [.core, .sse] + (hasAVX ? [.avx] : []) + [.segmentBases, .system]
    registers = features.flatMap(\.registers)
  }

  /// The document `target.xml`.
  var xml: String {
    """
    <?xml version="1.0"?>
    <!DOCTYPE target SYSTEM "gdb-target.dtd">
    <target version="1.0">
    <architecture>i386:x86-64</architecture>
    \(features.map(Self.xml).joined(separator: "\n"))
    </target>

    """
  }

  private static func xml(_ feature: RegisterFeature) -> String {
    let registers = feature.registers.map {
      #"<reg name="\#($0.name)" bitsize="\#($0.bits)" type="\#($0.type)"/>"#
    }
    return """
      <feature name="\(feature.name)">
      \(feature.types)\(registers.joined(separator: "\n"))
      </feature>
      """
  }
}
