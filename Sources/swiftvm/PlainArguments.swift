/// The arguments of `swiftvm run` in their plain form: long or short options, each with its value as the
/// next word.
///
/// Setting up the argument parser takes longer than making the machine, and memory that stays for the
/// guest's life. So what is plain is read here. Everything else, mistakes above all, is the parser's to
/// read or to explain, and what both read, they read alike.
struct PlainArguments: Equatable {
  private(set) var document = ConfigurationFile()
  private(set) var isVerbose = false

  /// - Parameter words: the arguments without the program's name.
  /// - Returns: nil where the parser is needed.
  init?(_ words: some Collection<String>) {
    guard words.first == "run" else { return nil }
    var rest = words.dropFirst()
    while let option = rest.popFirst() {
      if option == "-v" || option == "--verbose" {
        isVerbose = true
        continue
      }
      if option == "--exit-stats" {
        document.exitStats = true
        continue
      }
      if option == "--gdb-wait" {
        document.gdbWait = true
        continue
      }
      // The parser takes a word with a dash for an option, not for a value.
      guard let value = rest.popFirst(), !value.isEmpty, !value.hasPrefix("-"), take(option, value) else {
        return nil
      }
    }
  }

  /// Whether `option` and `value` were understood.
  private mutating func take(_ option: String, _ value: String) -> Bool {
    switch option {
    case "-k", "--kernel": document.kernel = value
    case "-i", "--initrd": document.initrd = value
    case "--flat": document.flat = value
    case "-a", "--append", "--cmdline", "--params": document.append = (document.append ?? []) + [value]
    case "--append-only": document.appendOnly = value
    case "-m", "--memory": document.memory = .text(value)
    case "-c", "--cpus": return Self.read(value, into: &document.cpus)
    case "-d", "--disk": document.disk = (document.disk ?? []) + [value]
    case "-n", "--net": document.net = (document.net ?? []) + [value]
    case "--publish": document.publish = (document.publish ?? []) + [value]
    case "--name": document.name = value
    case "--serial": document.serial = value
    case "--on-reboot": document.onReboot = value
    case "--shutdown-timeout": return Self.read(value, into: &document.shutdownTimeout)
    case "--debug-exit": document.debugExit = value
    case "--boot-chart": document.bootChart = value
    case "--metrics": document.metrics = value
    case "--trace": document.trace = value
    case "--trace-limit": document.traceLimit = .text(value)
    case "--gdb": document.gdb = value
    case "--boot-hint": return Self.read(value, into: &document.bootHint)
    default: return false
    }
    return true
  }

  private static func read<Number: FixedWidthInteger>(_ text: String, into field: inout Number?) -> Bool {
    field = Number(text)
    return field != nil
  }
}
