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
}
