import Devices
import Testing

@testable import Hypervisor

@Suite("Validation of a machine's specification")
struct MachineSpecTests {
  private static let host = HostLimits(vcpus: 8, physicalAddressBits: 40)

  private func refusal(_ change: (inout MachineSpec) -> Void) -> MachineSpecError? {
    var spec = MachineSpec()
    change(&spec)
    do throws(MachineSpecError) {
      _ = try spec.validated(on: Self.host)
      return nil
    } catch {
      return error
    }
  }

  @Test func `what is not given has the documented defaults`() throws {
    let valid = try MachineSpec().validated(on: Self.host)
    #expect(valid.commandLine.text == "console=ttyS0")
    #expect(valid.memoryMap.ram.reduce(0) { $0 + $1.size } == 1 << 30)
    #expect(valid.cpuCount == 1)
  }

  @Test(arguments: [Int.min, -1, 0]) func `a machine has a vCPU`(count: Int) {
    #expect(refusal { $0.cpus = count } == .noCPU)
  }

  @Test func `disks and network cards have places of their own on the bus`() {
    func ask(disks: Int, cards: Int) -> MachineSpecError? {
      refusal {
        $0.disks = (0..<disks).map { MachineSpec.Disk(key: "disk\($0)") }
        $0.cards = (0..<cards).map { MachineSpec.Card(key: "net\($0)") }
      }
    }
    #expect(ask(disks: 21, cards: 8) == nil)
    #expect(ask(disks: 22, cards: 0) == .tooManyDisks(22))
    #expect(ask(disks: 0, cards: 9) == .tooManyCards(9))
  }

  @Test func `no two devices have one key`() {
    #expect(refusal { $0.disks = [.init(key: "a"), .init(key: "a")] } == .keyGivenTwice("a"))
    #expect(refusal { ($0.disks, $0.cards) = ([.init(key: "a")], [.init(key: "a")]) } == .keyGivenTwice("a"))
  }

  @Test func `a disk's serial number and queues are what virtio has room for`() {
    func ask(_ serial: String, _ queues: Int = 1) -> MachineSpecError? {
      refusal { $0.disks = [.init(key: "disk0", serial: serial, queues: queues)] }
    }
    #expect(ask(String(repeating: "x", count: 20), 64) == nil)
    for serial in [String(repeating: "x", count: 21), "a\n", "é", "\u{7F}"] {
      #expect(ask(serial) == .diskSerial("disk0", serial))
    }
    for queues in [Int.min, 0, 65, Int.max] { #expect(ask("", queues) == .diskQueues("disk0", queues)) }
  }

  @Test func `a card's address is a card's, also where it is told later`() throws {
    let group = try #require(MACAddress("01:00:5e:00:00:01"))
    let none = try #require(MACAddress("00:00:00:00:00:00"))
    let sound = try #require(MACAddress("02:00:00:00:00:01"))
    var valid = try MachineSpec().validated(on: Self.host)
    for mac in [group, none] {
      #expect(refusal { $0.cards = [.init(key: "net0", mac: mac)] } == .cardAddress("net0", mac))
    }
    #expect(refusal { $0.cards = [.init(key: "net0", mac: sound, mtu: 67)] } == .cardMTU("net0", 67))
    var spec = MachineSpec()
    spec.cards = [.init(key: "net0")]
    valid = try spec.validated(on: Self.host)
    #expect(throws: MachineSpecError.cardAddress("net0", group)) {
      try valid.settle(card: "net0", mac: group, mtu: nil)
    }
    #expect(throws: MachineSpecError.cardMTU("net0", 65536)) {
      try valid.settle(card: "net0", mac: sound, mtu: 65536)
    }
    try valid.settle(card: "net0", mac: sound, mtu: 1500)
    #expect(valid.spec.cards == [.init(key: "net0", mac: sound, mtu: 1500)])
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
    var spec = MachineSpec()
    spec.memory = 9 << 40
    #expect(throws: MachineSpecError.memoryTooLarge(9 << 40, limit: KVMVirtualMachine.largestRegion)) {
      try spec.validated(on: HostLimits(vcpus: 1, physicalAddressBits: 52))
    }
  }

  @Test func `memory is whole pages`() throws {
    var spec = MachineSpec()
    spec.memory = 1 << 20 | 0xFFF
    #expect(try spec.validated(on: Self.host).memoryMap.ram.reduce(0) { $0 + $1.size } <= 1 << 20)
  }

  @Test func `a command line that no kernel reads is refused`() {
    #expect(refusal { $0.append = ["a\0b"] } != nil)
    #expect(refusal { $0.append = ["a\nb"] } != nil)
  }
}
