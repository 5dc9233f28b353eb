/// What a person at the console can ask the machine's side for.
enum ConsoleCommand: Equatable {
  case end
  case help
  case sendBreak
}

/// Finds Ctrl-A commands in what is typed, as QEMU's users know them.
struct EscapeKeys {
  private static let escape: UInt8 = 0x01
  private var sawEscape = false

  static let help = """
    Ctrl-A x  end the machine at once
    Ctrl-A b  send a break
    Ctrl-A a  send Ctrl-A
    Ctrl-A h  this help
    """

  /// The bytes that are for the guest, and the commands that stood between them.
  mutating func separate(_ typed: ArraySlice<UInt8>) -> (bytes: [UInt8], commands: [ConsoleCommand]) {
    var bytes: [UInt8] = []
    var commands: [ConsoleCommand] = []
    for byte in typed {
      guard sawEscape else {
        if byte == Self.escape { sawEscape = true } else { bytes.append(byte) }
        continue
      }
      sawEscape = false
      switch byte {
      case UInt8(ascii: "x"): commands.append(.end)
      case UInt8(ascii: "b"): commands.append(.sendBreak)
      case UInt8(ascii: "h"), UInt8(ascii: "?"): commands.append(.help)
      case UInt8(ascii: "a"), Self.escape: bytes.append(Self.escape)
      // Not a command: the guest gets both.
      default: bytes += [Self.escape, byte]
      }
    }
    return (bytes, commands)
  }
}
