import Hypervisor
import TestSupport
import Testing

@testable import swiftvm

/// Configuration files that people, or programs, wrote wrongly.
@Suite struct ConfigurationFuzzTests {
  @Test func `a document with a mistake anywhere is read or refused with a message`() {
    let run = FuzzRun(seed: 11)
    run.repeated(rounds: 600) { random, seed in
      let document = Self.document(&random)
      var fuzzer = TextFuzzer(random: random)
      let bytes = fuzzer.mutated(document.json())
      random = fuzzer.random
      do throws(Failure) {
        _ = try MachineSettings.parse(bytes, name: "vm.json").plan()
      } catch {
        #expect(!error.message.isEmpty, "seed \(seed)")
        #expect(error.status == .usage, "seed \(seed): \(error.message)")
      }
    }
  }

  @Test func `a value of the wrong kind is told with its key`() {
    let run = FuzzRun(seed: 12)
    run.repeated(rounds: 100) { random, seed in
      for setting in SettingTable.machine {
        let wrong =
          switch setting.form {
          case .text: ["1", "true", "[]", "{}", "[\"a\"]", "1e999"]
          case .list: ["1", "\"a\"", "true", "{}", "[1]", "[\"a\", null]", "[[\"a\"]]"]
          case .flag: ["1", "\"on\"", "[]", "{}", "0.5"]
          case .number:
            ["\"1\"", "[1]", "true", "1.5", "-1", "18446744073709551616", "-9223372036854775809", "1e30"]
          case .amount: ["-1", "1.5", "[512]", "true", "{}", "18446744073709551616"]
          }
        let (key, value) = (setting.key, wrong.randomElement(using: &random) ?? "")
        let text = "{\"append\": [], \"\(key)\": \(value)}".replacing(
          "\"append\": [], \"append\"", with: "\"append\"")
        do throws(Failure) {
          _ = try MachineSettings.parse(Array(text.utf8), name: "vm.json")
          Issue.record("seed \(seed): \(text) was accepted")
        } catch {
          #expect(
            error.message.hasPrefix("vm.json: ") && error.message.contains(key), "\(text): \(error.message)")
        }
      }
    }
  }

  @Test func `a machine that a document describes is described by the document that is made of it`() {
    let run = FuzzRun(seed: 13)
    run.repeated(rounds: 600) { random, seed in
      let document = Self.document(&random)
      guard let configuration = try? document.plan() else { return }
      let text = MachineSettings(configuration).json()
      do {
        let again = try MachineSettings.parse(Array(text.utf8), name: "vm.json").plan()
        #expect(again == configuration, "seed \(seed): \(text)")
      } catch {
        // Text of the command line cannot have one.
        #expect(
          text.utf8.contains(Array("\\u0000".utf8)) && "\(error)".contains("NUL"),
          "seed \(seed): \(error) of \(text)")
      }
    }
  }

  /// Keys with values that mostly mean something.
  private static func document(_ random: inout SeededRandom) -> MachineSettings {
    var fuzzer = TextFuzzer(random: random)
    func isSaid() -> Bool { Bool.random(using: &fuzzer.random) }
    func text(_ known: String...) -> String {
      let rare = UInt8.random(in: 0..<16, using: &fuzzer.random)
      if rare == 0 { return fuzzer.text() }
      let known = known.randomElement(using: &fuzzer.random) ?? ""
      return rare == 1 ? known + fuzzer.text() : known
    }
    func number(_ range: ClosedRange<UInt64>) -> SettingValue {
      .number(UInt64.random(in: range, using: &fuzzer.random))
    }
    func value(_ key: String) -> SettingValue? {
      switch key {
      case "kernel": .text(text("vmlinuz", "/boot/a b", "k,k"))
      case "flat": .text(text("boot.bin"))
      case "initrd": .text(text("initrd.img"))
      case "append": .list([text("quiet"), text("a=b")])
      case "append-only": .text(text("quiet"))
      case "memory": .text(isSaid() ? "\(fuzzer.random.next() >> 50)" : text("512M", "2G", "7"))
      case "cpus": number(0...300)
      case "disk":
        .list([
          text("a.img", "a,,b.img,readonly=on", "c,cache=none,io=threads,queues=3,discard=off"),
          text("/dev/sda,serial=S1,id=x,format=raw"),
        ])
      case "serial": .text(text("stdio", "pty", "file=x", "socket=/y", "null"))
      case "console": .text(text("pty", "file=x", "socket=/y", "null"))
      case "no-rng", "exit-stats", "gdb-wait": .flag(isSaid())
      case "net":
        .list([
          text("nat", "user,mac=02:00:00:00:00:01", "tap=t,,0,mtu=1400,queues=2,vhost=off,id=a", "fd=3")
        ])
      case "publish": .list([text("8080:80", "127.0.0.1:53:53/udp", "0.0.0.0:1:2/tcp")])
      case "fw-cfg": .list([text("opt/a=b", "opt/a/b=@f", "opt/c=")])
      case "name": .text(text("web", "a-b"))
      case "on-reboot": .text(text("reset", "exit"))
      case "shutdown-timeout": number(0...UInt64(UInt32.max))
      case "boot-hint": number(0...60)
      case "debug-exit": .text(text("0xf4", "501"))
      case "trace": .text(text("t.trace"))
      case "trace-limit": .text(text("1M", "256M"))
      case "boot-chart": .text(text("b.svg"))
      case "metrics": .text(text("m.json", "unix=/m"))
      case "gdb": .text(text("1234", "unix=g"))
      default: nil
      }
    }
    var document = MachineSettings()
    let image = isSaid() ? ["kernel", "initrd"] : ["flat"]
    for setting in SettingTable.machine {
      let key = setting.key
      guard isSaid() || key == image[0] else { continue }
      if ["kernel", "initrd", "flat"].contains(key), !image.contains(key) { continue }
      guard let value = value(key) else {
        Issue.record("nothing is tried for \(key)")
        continue
      }
      document[key] = value
    }
    random = fuzzer.random
    return document
  }
}
