internal import Processor

/// The machine that this guest has to itself.
public enum Guest {
  /// Switches the machine off, by the ACPI PM1 control register: SLP_TYP 5 (S5) and SLP_EN.
  public static func powerOff() -> Never {
    Port(0x604).write16(0x3400)
    processor_stop()
  }

  /// Says what went wrong and switches the machine off.
  public static func panic(_ message: StaticString) -> Never {
    print("panic: ", terminator: "")
    print(message)
    powerOff()
  }

  /// The kernel arguments, one word each (Xen PVH start information: cmdline_paddr, at 24).
  public static var arguments: [String] {
    let line = Memory(at: Memory(at: start_information()).read64(24))
    var words = [""]
    var offset = 0
    while case let byte = line.read8(offset), byte != 0 {
      if byte == 32 {
        words.append("")
      } else {
        words[words.count - 1].unicodeScalars.append(Unicode.Scalar(byte))
      }
      offset += 1
    }
    return words
  }
}
