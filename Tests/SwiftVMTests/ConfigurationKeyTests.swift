import ArgumentParser
import Testing

@testable import swiftvm

/// Each key of a configuration, on each way that it goes: none can be forgotten on any of them.
struct ConfigurationKeyTests {
  typealias Key = ConfigurationFile.CodingKeys

  /// What is said for a key, in the words of `--dump-config`, and unlike the default.
  private enum Sample {
    case text(String)
    case number(Int)
    case list([String])
    case flag

    var json: String {
      switch self {
      case .text(let text): "\"\(text)\""
      case .number(let number): "\(number)"
      case .list(let texts): "[\(texts.map { "\"\($0)\"" }.joined(separator: ", "))]"
      case .flag: "true"
      }
    }

    func words(_ key: Key) -> [String] {
      switch self {
      case .text(let text): ["--\(key.rawValue)", text]
      case .number(let number): ["--\(key.rawValue)", "\(number)"]
      case .list(let texts): texts.flatMap { ["--\(key.rawValue)", $0] }
      case .flag: ["--\(key.rawValue)"]
      }
    }
  }

  private func sample(_ key: Key) -> Sample {
    switch key {
    case .kernel: .text("k")
    case .initrd: .text("i")
    case .flat: .text("f")
    case .append: .list(["a b", "c"])
    case .appendOnly: .text("only=1")
    case .memory: .text("3G")
    case .cpus: .number(2)
    case .disk: .list(["a", "b,,c,readonly=on"])
    case .fwCfg: .list(["opt/a=b", "opt/c=@d"])
    case .serial: .text("pty")
    case .console: .text("file=log")
    case .noRNG: .flag
    case .net: .list(["user,queues=1,vhost=auto", "tap=t,queues=2,vhost=off"])
    case .publish: .list(["127.0.0.1:8080:80/udp"])
    case .name: .text("web")
    case .onReboot: .text("exit")
    case .shutdownTimeout: .number(3)
    case .bootHint: .number(4)
    case .debugExit: .text("0xf4")
    case .exitStats: .flag
    case .trace: .text("vm.trace")
    case .traceLimit: .text("64M")
    case .bootChart: .text("boot.svg")
    case .metrics: .text("unix=vm.metrics")
    case .gdb: .text("1234")
    case .gdbWait: .flag
    }
  }

  /// What must be said besides.
  private func companion(_ key: Key) -> Key? {
    switch key {
    case .initrd: .kernel
    case .publish: .net
    default: nil
    }
  }

  private func document(_ key: Key) throws -> ConfigurationFile {
    try parse("{\"\(key.rawValue)\": \(sample(key).json)}")
  }

  private func parse(_ text: String) throws -> ConfigurationFile {
    try ConfigurationFile.parse(Array(text.utf8), name: "vm.json")
  }

  @Test func `every property has a key`() {
    #expect(Mirror(reflecting: ConfigurationFile()).children.count == Key.allCases.count)
  }

  @Test(arguments: Key.allCases)
  func `a key says one thing, and JSON keeps it`(key: Key) throws {
    let document = try document(key)
    let said = Mirror(reflecting: document).children.filter { child in
      !Mirror(reflecting: child.value).children.isEmpty
    }
    #expect(said.count == 1)
    #expect(try parse(document.json()) == document)
  }

  @Test(arguments: Key.allCases)
  func `a flag says what the key says`(key: Key) throws {
    let words = sample(key).words(key)
    let document = try document(key)
    #expect(try RunOptions.parse(words).document == document)
    if let plain = PlainArguments(["run"] + words) { #expect(plain.document == document) }
  }

  @Test(arguments: Key.allCases)
  func `what is said wins over what is not`(key: Key) throws {
    let (document, empty) = (try document(key), ConfigurationFile())
    #expect(empty.overridden(by: document) == document)
    #expect(document.overridden(by: empty) == document)
  }

  @Test(arguments: Key.allCases)
  func `--dump-config says what was said`(key: Key) throws {
    let document = try document(key)
    let whole = try companion(key).map { try self.document($0).overridden(by: document) } ?? document
    let dumped = ConfigurationFile(try whole.configuration())
    // Laid over it, what was said changes nothing.
    #expect(try dumped.overridden(by: document).configuration() == dumped.configuration())
    #expect(try parse(dumped.json()) == dumped)
    let defaults = ConfigurationFile(try ConfigurationFile().configuration())
    #expect(defaults.overridden(by: document) != defaults)
  }
}
