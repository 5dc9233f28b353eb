import Devices
import Testing

@testable import Hypervisor

@Suite("Validation of a configuration")
struct ValidationTests {
  private static let host = HostLimits(vcpus: 8, physicalAddressBits: 40)

  private var wish: VMConfiguration {
    var wish = VMConfiguration()
    wish.image = .kernel(path: "vmlinuz", initrd: nil)
    return wish
  }

  private func refusal(_ change: (inout VMConfiguration) -> Void) -> ConfigurationError? {
    var wish = wish
    change(&wish)
    do throws(ConfigurationError) {
      _ = try wish.validated(on: Self.host)
      return nil
    } catch {
      return error
    }
  }

  @Test func `what is not given has the documented defaults`() throws {
    let valid = try wish.validated(on: Self.host)
    #expect(valid.commandLine.text == "console=ttyS0")
    #expect(valid.memoryMap.ram.reduce(0) { $0 + $1.size } == 1 << 30)
    #expect(valid.cpuCount == 1)
    #expect(valid.serial == .stdio)
    #expect(valid.onReboot == .reset)
    #expect(valid.shutdownTimeout == 10)
    #expect(valid.bootHint == 15)
  }

  @Test func `without a kernel there is nothing to run`() {
    #expect(refusal { $0.image = nil } == .noKernel)
  }

  @Test(arguments: [Int.min, -1, 0]) func `a machine has a vCPU`(count: Int) {
    #expect(refusal { $0.cpus = count } == .noCPU)
  }

  @Test func `disks and network cards have places of their own on the bus`() {
    func ask(disks: Int, cards: Int) -> ConfigurationError? {
      refusal {
        $0.disks = Array(repeating: DiskConfiguration(path: "a"), count: disks)
        $0.networks = (0..<cards).map { NetworkConfiguration(.tap("tap\($0)")) }
      }
    }
    #expect(ask(disks: 21, cards: 8) == nil)
    #expect(ask(disks: 22, cards: 0) == .tooManyDisks(22))
    #expect(ask(disks: 0, cards: 9) == .tooManyCards(9))
  }

  @Test func `as many vCPUs as KVM gives are fine, one more is not`() {
    #expect(refusal { $0.cpus = 8 } == nil)
    #expect(refusal { $0.cpus = 9 } == .tooManyCPUs(9, limit: 8))
  }

  @Test(arguments: [0, 1, 0xF_FFFF] as [UInt64]) func `less than 1 MiB is too little`(size: UInt64) {
    #expect(refusal { $0.memory = size } == .memoryTooSmall(size))
  }

  @Test func `memory and the hole below 4 GiB must fit the guest's addresses`() {
    let most: UInt64 = 1 << 40 - 1 << 30
    #expect(refusal { $0.memory = most } == nil)
    #expect(refusal { $0.memory = most + 4096 } == .memoryTooLarge(most + 4096, limit: most))
    #expect(refusal { $0.memory = .max } == .memoryTooLarge(.max, limit: most))
  }

  @Test func `more than KVM maps as one region is refused on a host of any width`() throws {
    var wish = wish
    wish.memory = 9 << 40
    #expect(throws: ConfigurationError.memoryTooLarge(9 << 40, limit: KVMVirtualMachine.largestRegion)) {
      try wish.validated(on: HostLimits(vcpus: 1, physicalAddressBits: 52))
    }
  }

  @Test func `memory is whole pages`() throws {
    var wish = wish
    wish.memory = 1 << 20 | 0xFFF
    #expect(try wish.validated(on: Self.host).memoryMap.ram.reduce(0) { $0 + $1.size } <= 1 << 20)
  }

  @Test func `a command line that no kernel reads is refused before anything is opened`() {
    #expect(refusal { $0.append = ["a\0b"] } != nil)
    #expect(refusal { $0.append = ["a\nb"] } != nil)
  }

  private func refusal(names: [String]) -> ConfigurationError? {
    refusal { $0.firmwareFiles = names.map { FirmwareFile(name: $0, content: .text("")) } }
  }

  @Test(arguments: [
    "", "opt/", "etc/e820", "opt", "Opt/a", "opt/a b", "opt/\u{e9}", "opt/a\0", "opt/\u{7f}",
    "opt/" + String(repeating: "x", count: 52),
  ])
  func `a file of the firmware configuration has one of the users' names`(name: String) {
    #expect(refusal(names: [name]) == .firmwareFileName(name))
  }

  @Test func `files of the firmware configuration differ by name, and there are not too many`() {
    #expect(refusal(names: ["opt/a", "opt/" + String(repeating: "x", count: 51)]) == nil)
    #expect(refusal(names: ["opt/a", "opt/b", "opt/a"]) == .firmwareFileTwice("opt/a"))
    #expect(refusal(names: (0..<32).map { "opt/\($0)" }) == nil)
    #expect(refusal(names: (0..<33).map { "opt/\($0)" }) == .tooManyFirmwareFiles(33))
  }

  @Test(arguments: ["stdio", "pty", "null", "file=/tmp/a", "socket=/tmp/a=b"])
  func `a serial target reads as it is written`(text: String) {
    #expect(ConsoleTarget(text)?.description == text)
  }

  @Test(arguments: ["", "Stdio", "file", "file=", "socket=", "stdio=1", "tcp=1"])
  func `other serial targets are none`(text: String) {
    #expect(ConsoleTarget(text) == nil)
  }
}
