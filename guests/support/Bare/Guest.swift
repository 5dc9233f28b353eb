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

  /// The number behind `name=` among the kernel's arguments, which are text that ends with a zero byte.
  public static func argument(_ name: String) -> UInt64? {
    let info = Memory(at: loader_start_info())
    let line = Memory(at: info.read64(24))
    let text = (0..<4096).lazy.map { line.read8($0) }.prefix { $0 != 0 }
    for word in Array(text).split(separator: UInt8(ascii: " ")) {
      guard let equals = word.firstIndex(of: UInt8(ascii: "=")), word[..<equals].elementsEqual(name.utf8)
      else { continue }
      return word[(equals + 1)...].reduce(0) { $0 &* 10 &+ UInt64($1 &- UInt8(ascii: "0")) }
    }
    return nil
  }
}
