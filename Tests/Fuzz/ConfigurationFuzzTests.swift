import Hypervisor
import TestSupport
import Testing

@testable import swiftvm

/// Configuration files that people, or programs, wrote wrongly.
@Suite struct ConfigurationFuzzTests {
  private static let texts = [
    "kernel", "initrd", "flat", "append-only", "serial", "console", "name", "on-reboot", "debug-exit",
    "trace",
    "metrics", "boot-chart", "gdb",
  ]
  private static let lists = ["append", "disk", "net", "publish", "fw-cfg"]
  private static let flags = ["no-rng", "exit-stats", "gdb-wait"]
  private static let numbers = ["cpus", "shutdown-timeout", "boot-hint"]
  private static let amounts = ["memory", "trace-limit"]

  @Test func `every key is one of these`() {
    #expect(
      Set(Self.texts + Self.lists + Self.flags + Self.numbers + Self.amounts)
        == Set(ConfigurationFile.CodingKeys.allCases.map(\.rawValue)))
  }

  @Test func `a document with a mistake anywhere is read or refused with a message`() {
    let run = FuzzRun(seed: 11)
    run.repeated(rounds: 600) { random, seed in
      let document = Self.document(&random)
      var fuzzer = TextFuzzer(random: random)
      let bytes = fuzzer.mutated(document.json())
      random = fuzzer.random
      do throws(Failure) {
        _ = try ConfigurationFile.parse(bytes, name: "vm.json").configuration()
      } catch {
        #expect(!error.message.isEmpty, "seed \(seed)")
        #expect(error.status == .usage, "seed \(seed): \(error.message)")
      }
    }
  }

  @Test func `a value of the wrong kind is told with its key`() {
    let run = FuzzRun(seed: 12)
    run.repeated(rounds: 100) { random, seed in
      for (keys, wrong) in [
        (Self.texts, ["1", "true", "[]", "{}", "[\"a\"]", "1e999"]),
        (Self.lists, ["1", "\"a\"", "true", "{}", "[1]", "[\"a\", null]", "[[\"a\"]]"]),
        (Self.flags, ["1", "\"on\"", "[]", "{}", "0.5"]),
        (
          Self.numbers,
          ["\"1\"", "[1]", "true", "1.5", "18446744073709551616", "-9223372036854775809", "1e30"]
        ),
        (Self.amounts, ["-1", "1.5", "[512]", "true", "{}", "18446744073709551616"]),
      ] {
        let (key, value) = (
          keys.randomElement(using: &random) ?? "", wrong.randomElement(using: &random) ?? ""
        )
        let text = "{\"append\": [], \"\(key)\": \(value)}".replacing(
          "\"append\": [], \"append\"", with: "\"append\"")
        do throws(Failure) {
          _ = try ConfigurationFile.parse(Array(text.utf8), name: "vm.json")
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
      guard let configuration = try? document.configuration() else { return }
      let text = ConfigurationFile(configuration).json()
      do {
        let again = try ConfigurationFile.parse(Array(text.utf8), name: "vm.json").configuration()
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
  private static func document(_ random: inout SeededRandom) -> ConfigurationFile {
    var fuzzer = TextFuzzer(random: random)
    func isSaid() -> Bool { Bool.random(using: &fuzzer.random) }
    func text(_ known: String...) -> String {
      let rare = UInt8.random(in: 0..<16, using: &fuzzer.random)
      if rare == 0 { return fuzzer.text() }
      let known = known.randomElement(using: &fuzzer.random) ?? ""
      return rare == 1 ? known + fuzzer.text() : known
    }
    var document = ConfigurationFile()
    if isSaid() {
      document.kernel = text("vmlinuz", "/boot/a b", "k,k")
    } else {
      document.flat = text("boot.bin")
    }
    if document.kernel != nil, isSaid() { document.initrd = text("initrd.img") }
    if isSaid() { document.append = [text("quiet"), text("a=b")] }
    if isSaid() { document.appendOnly = text("quiet") }
    if isSaid() {
      document.memory = isSaid() ? .mebibytes(fuzzer.random.next() >> 50) : .text(text("512M", "2G", "7"))
    }
    if isSaid() { document.cpus = Int.random(in: -1...300, using: &fuzzer.random) }
    if isSaid() {
      document.disk = [
        text("a.img", "a,,b.img,readonly=on", "c,cache=none,io=threads,queues=3,discard=off"),
        text("/dev/sda,serial=S1,id=x,format=raw"),
      ]
    }
    if isSaid() { document.serial = text("stdio", "pty", "file=x", "socket=/y", "null") }
    if isSaid() { document.console = text("pty", "file=x", "socket=/y", "null") }
    if isSaid() { document.noRNG = isSaid() }
    if isSaid() {
      document.net = [
        text("nat", "user,mac=02:00:00:00:00:01", "tap=t,,0,mtu=1400,queues=2,vhost=off,id=a", "fd=3")
      ]
    }
    if isSaid() { document.publish = [text("8080:80", "127.0.0.1:53:53/udp", "0.0.0.0:1:2/tcp")] }
    if isSaid() { document.fwCfg = [text("opt/a=b", "opt/a/b=@f", "opt/c=")] }
    if isSaid() { document.name = text("web", "a-b") }
    if isSaid() { document.onReboot = text("reset", "exit") }
    if isSaid() { document.shutdownTimeout = UInt32.random(in: 0...UInt32.max, using: &fuzzer.random) }
    if isSaid() { document.bootHint = UInt32.random(in: 0...60, using: &fuzzer.random) }
    if isSaid() { document.debugExit = text("0xf4", "501") }
    if isSaid() { document.exitStats = isSaid() }
    if isSaid() { document.trace = text("t.trace") }
    if isSaid() { document.traceLimit = .text(text("1M", "256M")) }
    if isSaid() { document.bootChart = text("b.svg") }
    if isSaid() { document.metrics = text("m.json", "unix=/m") }
    if isSaid() { document.gdb = text("1234", "unix=g") }
    if isSaid() { document.gdbWait = isSaid() }
    random = fuzzer.random
    return document
  }
}
