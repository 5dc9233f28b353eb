import FoundationEssentials
import Hypervisor
import Testing

@testable import swiftvm

struct MachinePlanTests {
  private func refusal(_ change: (inout MachinePlan) -> Void) -> String? {
    var plan = MachinePlan()
    plan.image = .kernel(path: "vmlinuz", initrd: nil)
    change(&plan)
    do throws(Failure) {
      try plan.check()
      return nil
    } catch {
      #expect(error.status == .usage && error.hint != nil)
      return error.message
    }
  }

  @Test func `wishes that go together are fine`() {
    #expect(refusal { _ in } == nil)
    #expect(refusal { ($0.console, $0.serial) = (.stdio, .null) } == nil)
    #expect(refusal { ($0.trace, $0.traceLimit) = ("t", 4096) } == nil)
    #expect(refusal { ($0.debugger, $0.waitsForDebugger) = (.port(1), true) } == nil)
  }

  @Test func `wishes that do not go together are refused before anything is opened`() {
    #expect(refusal { $0.image = nil } == "no kernel given")
    #expect(refusal { $0.console = .stdio }?.contains("standard input and output") == true)
    #expect(refusal { ($0.trace, $0.traceLimit) = ("t", 4095) }?.contains("no event") == true)
    #expect(refusal { $0.traceLimit = 1 << 20 } == "--trace-limit without --trace")
    #expect(refusal { $0.waitsForDebugger = true } == "--gdb-wait without --gdb")
  }

  @Test func `the specification has what the guest can tell apart, and nothing else`() throws {
    var plan = MachinePlan()
    (plan.cpus, plan.memory, plan.append, plan.appendOnly) = (3, 5 << 20, ["a"], "b")
    plan.disks = try [DiskWish("/secret/a.img,serial=S,queues=2"), DiskWish("/secret/b.img,id=data")]
    plan.cards = try [
      NetworkOption.parse("tap=tap-secret,mac=02:00:00:00:00:01,mtu=1400"), NetworkOption.parse("user"),
    ]
    (plan.console, plan.debugExit, plan.name, plan.trace) = (
      .file(path: "/secret/c"), 0xF4, "secret", "/secret/t"
    )
    let spec = plan.spec
    #expect(spec.disks == [.init(key: "disk0", serial: "S", queues: 2), .init(key: "disk1", serial: "data")])
    #expect(spec.cards.map(\.key) == ["net0", "net1"])
    #expect(spec.cards.map(\.mtu) == [1400, nil])
    #expect(spec.hasConsole && spec.hasEntropy && spec.debugExit == 0xF4)
    let json = JSONText.of(spec)
    #expect(!json.contains("secret"), "\(json)")
    #expect(try JSONDecoder().decode(MachineSpec.self, from: Data(json.utf8)) == spec)
  }

  private func refusal(names: [String]) -> String? {
    refusal { $0.firmwareFiles = names.map { FirmwareFile(name: $0, content: .text("")) } }
  }

  @Test(arguments: [
    "", "opt/", "etc/e820", "opt", "Opt/a", "opt/a b", "opt/\u{e9}", "opt/a\0", "opt/\u{7f}",
    "opt/" + String(repeating: "x", count: 52),
  ])
  func `a file of the firmware configuration has one of the users' names`(name: String) {
    #expect(refusal(names: [name]) == "--fw-cfg \(name): not a name for a file of the firmware configuration")
  }

  @Test func `files of the firmware configuration differ by name, and there are not too many`() {
    #expect(refusal(names: ["opt/a", "opt/" + String(repeating: "x", count: 51)]) == nil)
    #expect(refusal(names: ["opt/a", "opt/b", "opt/a"]) == "--fw-cfg opt/a: given twice")
    #expect(refusal(names: (0..<32).map { "opt/\($0)" }) == nil)
    #expect(refusal(names: (0..<33).map { "opt/\($0)" })?.contains("33 times") == true)
  }
}
