import Hypervisor
import ProcessSupport
import Testing

@testable import swiftvm

/// Each row of the table, on each way that it goes: none can be forgotten on any of them.
struct SettingTableTests {
  /// What is said for a key, in the words of `--dump-config`, and unlike the default.
  private static let samples: [String: SettingValue] = [
    "kernel": "k", "initrd": "i", "flat": "f", "append": ["a b", "c"], "append-only": "only=1",
    "memory": "3G",
    "cpus": 2, "disk": ["a", "b,,c,readonly=on"], "fw-cfg": ["opt/a=b", "opt/c=@d"], "serial": "pty",
    "console": "file=log", "no-rng": true, "net": ["user,queues=1,vhost=auto", "tap=t,queues=2,vhost=off"],
    "publish": ["127.0.0.1:8080:80/udp"], "name": "web", "on-reboot": "exit", "shutdown-timeout": 3,
    "boot-hint": 4, "debug-exit": "0xf4", "exit-stats": true, "trace": "vm.trace", "trace-limit": "64M",
    "boot-chart": "boot.svg", "metrics": "unix=vm.metrics", "gdb": "1234", "gdb-wait": true,
  ]

  /// What must be said besides.
  private static let companions = ["initrd": "kernel", "publish": "net"]

  private func settings(_ setting: Setting) throws -> MachineSettings {
    [setting.key: try #require(Self.samples[setting.key], "give \(setting.key) a sample")]
  }

  private func parse(_ text: String) throws -> MachineSettings {
    try MachineSettings.parse(Array(text.utf8), name: "vm.json")
  }

  @Test(arguments: SettingTable.machine)
  func `JSON keeps what was said`(setting: Setting) throws {
    let said = try settings(setting)
    #expect(try parse(said.json()) == said)
  }

  @Test(arguments: SettingTable.machine)
  func `each of its names says what the key says`(setting: Setting) throws {
    let said = try settings(setting)
    let names =
      ["--\(setting.key)"] + setting.aliases.map { "--\($0)" } + (setting.short.map { ["-\($0)"] } ?? [])
    for name in names {
      let words: [[String]] =
        switch said[setting.key] {
        case .flag: [[name]]
        case .number(let number): [[name, "\(number)"]]
        default: said[setting.key]?.texts.map { [name, $0] } ?? []
        }
      #expect(try MachineArguments(words.flatMap(\.self)).machine == said)
      guard setting.form.placeholder != nil else { continue }
      #expect(try MachineArguments(words.map { $0.joined(separator: "=") }).machine == said)
    }
  }

  @Test(arguments: SettingTable.machine)
  func `what is said wins over what is not`(setting: Setting) throws {
    let (said, empty) = (try settings(setting), MachineSettings())
    #expect(empty.overridden(by: said) == said)
    #expect(said.overridden(by: empty) == said)
  }

  @Test(arguments: SettingTable.machine)
  func `--dump-config says what was said`(setting: Setting) throws {
    let said = try settings(setting)
    let companion = Self.companions[setting.key].flatMap { SettingTable.setting(long: $0) }
    let whole = try companion.map { try settings($0).overridden(by: said) } ?? said
    let dumped = MachineSettings(try whole.plan())
    // Laid over it, what was said changes nothing.
    #expect(try dumped.overridden(by: said).plan() == dumped.plan())
    #expect(try parse(dumped.json()) == dumped)
    let defaults = MachineSettings(try MachineSettings().plan())
    #expect(defaults.overridden(by: said) != defaults)
  }

  @Test(arguments: SettingTable.machine.filter { $0.standard != nil })
  func `the default that is told is the one that is had`(setting: Setting) throws {
    let standard = try #require(setting.standard)
    switch setting.key {
    case "append-only": #expect(standard == KernelCommandLine.defaultArguments)
    case "trace-limit": #expect(MemorySize(standard)?.bytes == MachinePlan.usualTrace)
    case "name": #expect(MachinePlan().name == nil)
    default:
      #expect(try MachineArguments(["--\(setting.key)", standard]).machine.plan() == MachinePlan())
    }
  }

  @Test func `every name is one option's`() {
    let names = SettingTable.all.flatMap { [$0.key] + $0.aliases + ($0.short.map { ["\($0)"] } ?? []) }
    #expect(Set(names).count == names.count)
    for setting in SettingTable.all {
      for key in setting.displaces { #expect(SettingTable.setting(long: key) != nil, "\(setting.key)") }
    }
  }

  @Test(arguments: SettingTable.all)
  func `help and manual tell of it`(setting: Setting) {
    let help = SettingHelp.text(abstract: "", usage: RunCommand.usage)
    let isNamed =
      setting.help == nil
      ? help.contains(try! Regex("--\(setting.key)[ :;\\]]"))
        || ["dump-config", "version"].contains(setting.key)
      : help.contains(try! Regex("(?m)^  (-., )?--\(setting.key)( |$)"))
    #expect(isNamed)
    #expect(!setting.manual.isEmpty)
    #expect(setting.manual.count { $0 == "`" } % 2 == 0)
  }

  /// An option is its row and the place that uses what it says: its name stands nowhere else.
  @Test(arguments: SettingTable.machine)
  func `its key stands in one file of the sources`(setting: Setting) async throws {
    func files(_ pattern: String) async throws -> [String] {
      let grep = try await Program.run(
        "grep", ["-rlE", "--include=*.swift", pattern, "\(Repository.root)/Sources"])
      return grep.output.split(separator: "\n").map(String.init)
    }
    let rows = try await files("^      \"\(setting.key)\",")
    #expect(rows.count == 1 && rows.first?.contains("/SettingTable+") == true)
    // The others are words that have other uses.
    if setting.key.contains("-") { #expect(try await files("\"\(setting.key)\"") == rows) }
  }
}
