import Devices
import ProcessSupport
import TestSupport
import Testing

@testable import Hypervisor

@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: MachineTests.hasKVM, Comment(rawValue: MachineTests.noKVM)))
struct InterruptRouterTests {
  @Test func `a message that KVM refuses takes no other vector's route away`() throws {
    let kvm = try HostKVM.open()
    let memory = try GuestMemory([GuestRange(base: 0, size: 1 << 20)])
    let vm = try KVMVirtualMachine.make(on: kvm, memory: memory)
    // From now on KVM checks a message's upper half.
    try vm.enableWideAPICIDs()
    let router = try vm.makeInterruptRouter(routes: kvm.extent(of: .interruptRouting))
    let (bad, good) = (try router.makeVector(), try router.makeVector())
    router.connect(bad, to: InterruptMessage(address: 0xFF_FEE0_0000, data: 0x30))
    router.connect(good, to: InterruptMessage(address: 0xFEE0_0000, data: 0x31))
    good.signal()
    bad.signal()
    // KVM takes the signals of what it has connected.
    #expect(!good.isPending)
    #expect(bad.isPending)
    router.connect(bad, to: InterruptMessage(address: 0xFEE0_0000, data: 0x30))
    bad.signal()
    #expect(!bad.isPending)
  }
}
