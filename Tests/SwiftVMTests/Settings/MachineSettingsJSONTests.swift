import Hypervisor
import Testing

@testable import swiftvm

struct MachineSettingsJSONTests {
  private func parse(_ text: String) throws(Failure) -> MachineSettings {
    try MachineSettings.parse(Array(text.utf8), name: "vm.json")
  }

  private func failure(_ text: String) -> Failure? {
    do throws(Failure) {
      _ = try parse(text)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: SettingTable.machine.filter { $0.form.placeholder != nil })
  func `a NUL in a text is refused, not taken for its end`(setting: Setting) {
    let value =
      switch setting.form {
      case .list: #"["x", "file=\u0000"]"#
      default: #""a\u0000b""#
      }
    let failure = failure(#"{"\#(setting.key)": \#(value)}"#)
    if case .number = setting.form {
      #expect(failure?.message.hasPrefix(#"vm.json: key "\#(setting.key)": a whole number"#) == true)
    } else {
      #expect(failure?.message == #"vm.json: key "\#(setting.key)": there is a NUL in the text"#)
      #expect(failure?.hint?.contains(#"\u0000"#) == true)
    }
  }

  @Test func `a document is written and read back`() throws {
    var document = MachineSettings()
    document["kernel"] = "/boot/vmlinuz \"x\" \\ \u{1} é"
    document["append"] = ["a/b", ""]
    document["memory"] = "300"
    #expect(try parse(document.json()) == document)
  }

  @Test func `an empty document says nothing`() throws {
    #expect(try parse("{}") == MachineSettings())
    #expect(try parse(#"{"kernel": null}"#) == MachineSettings())
  }

  @Test func `memory is a number of MiB or a text`() throws {
    #expect(try parse(#"{"memory": 512}"#).plan().memory == 512 << 20)
    #expect(try parse(#"{"memory": "512"}"#).plan().memory == 512 << 20)
    #expect(try parse(#"{"memory": "2G"}"#).plan().memory == 2 << 30)
  }

  @Test(arguments: [
    ("{", "line 1, column 2: a key in quotes, or \"}\", is expected"),
    ("{\n  \"cpus\": 1,,\n}", "line 2, column 13: a key in quotes is expected"),
    ("{\n  \"cpus\": 1\n  \"memory\": 2\n}", "line 3, column 3: \",\" or \"}\" is expected"),
    ("", "line 1, column 1: a value is expected"),
    ("[1]", "no JSON object, or one that is nested too deeply"),
    (#"{"cpus": 01}"#, "line 1, column 11: \",\" or \"}\" is expected"),
    ("{\"kernel\": \"a\tb\"}", "line 1, column 14: a quote, as a text ends in its line, is expected"),
  ])
  func `a broken document tells where`(text: String, place: String) {
    #expect(failure(text)?.message == "vm.json: \(place)")
  }

  @Test(arguments: SettingTable.command)
  func `an option of the command is no key`(setting: Setting) {
    #expect(failure("{\"\(setting.key)\": true}")?.message == "vm.json: unknown key \"\(setting.key)\"")
  }

  @Test func `an alias names its key`() {
    #expect(failure(#"{"cmdline": ["a"]}"#)?.hint == "did you mean \"append\"?")
  }

  @Test func `an unknown key is named, with the nearest known one`() {
    let failure = failure(#"{"kernel": "k", "shutdown_timeout": 3}"#)
    #expect(failure?.status == .usage)
    #expect(failure?.message == "vm.json: unknown key \"shutdown_timeout\"")
    #expect(failure?.hint == "did you mean \"shutdown-timeout\"?")
  }

  @Test func `an unknown key like none lists them all`() {
    let failure = failure(#"{"frobnicate": true}"#)
    #expect(failure?.message == "vm.json: unknown key \"frobnicate\"")
    for setting in SettingTable.machine {
      #expect(failure?.hint?.contains(setting.key) == true)
    }
  }

  @Test(arguments: [
    ("", "vm.json"), ("{", "vm.json"), ("[1]", "vm.json"), ("{\"cpus\": 1,,}", "vm.json"),
    (#"{"cpus": "two"}"#, "key \"cpus\""), (#"{"cpus": 1.5}"#, "key \"cpus\""),
    (#"{"append": "quiet"}"#, "key \"append\""), (#"{"append": [null]}"#, "key \"append"),
    (#"{"memory": -1}"#, "key \"memory\""), (#"{"memory": true}"#, "key \"memory\""),
    (#"{"kernel": 1}"#, "key \"kernel\""), (#"{"boot-hint": -1}"#, "key \"boot-hint\""),
    (#"{"boot-hint": 4294967296}"#, "key \"boot-hint\""),
  ])
  func `a malformed document names the file, and the key where it is one key`(text: String, name: String) {
    let failure = failure(text)
    #expect(failure?.status == .usage)
    #expect(failure?.message.hasPrefix("vm.json: ") == true)
    #expect(failure?.message.contains(name) == true, "\(failure?.message ?? "")")
    #expect(failure?.message.contains("\n") == false)
    #expect(failure?.hint?.contains("--dump-config") == true, "\(failure?.message ?? "")")
  }

  @Test func `bytes that are no text are malformed`() {
    #expect(throws: Failure.self) { try MachineSettings.parse([0xFF, 0x7B, 0x7D], name: "vm.json") }
  }

  @Test func `brackets without end are malformed, not fatal`() {
    #expect(failure(String(repeating: "[", count: 100_000)) != nil)
    #expect(failure("{\"append\":" + String(repeating: "[", count: 100_000)) != nil)
  }

  @Test(arguments: [
    ("kernal", "kernel"), ("cpu", "cpus"), ("memmory", "memory"), ("appendonly", "append-only"),
    ("bootHint", "boot-hint"), ("sreial", "serial"),
  ])
  func `the nearest key is the one with the fewest typing errors`(typed: String, meant: String) {
    #expect(typed.nearest(of: SettingTable.machine.map(\.key)) == meant)
  }

  @Test func `a key as long as a file may be is compared with none, and told by its beginning`() {
    let key = String(repeating: "kernel", count: 150_000)
    let beginning = String(key.prefix(100))
    #expect(beginning.nearest(of: [beginning]) == nil)
    let failure = failure("{\"\(key)\": 1}")
    #expect(failure?.message.hasPrefix("vm.json: unknown key \"kernelkernel") == true)
    #expect(failure?.message.hasSuffix("kern...\"") == true)
    #expect((failure?.message.utf8.count ?? 0) < 200)
  }

  @Test func `nothing is near to nothing`() {
    #expect("".nearest(of: ["kernel"]) == nil)
    #expect("kernel".nearest(of: []) == nil)
  }
}
