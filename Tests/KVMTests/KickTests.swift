import Devices
import Glibc
import ProcessSupport
import Testing

@testable import Hypervisor

@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: MachineTests.hasKVM, Comment(rawValue: MachineTests.noKVM)))
struct KickTests {
  @Test func `the immediate exit flag makes KVM_RUN return before the guest runs`() throws {
    let kvm = try HostKVM.open()
    let memory = try GuestMemory([TinyMachine.lowMemory])
    let entry = try TinyMachine.load(.portWrites, .real, into: memory)
    let vm = try KVMVirtualMachine.make(on: kvm)
    try vm.map(memory)
    let vcpu = try vm.makeVCPU(id: 0)
    try vcpu.prepare(cpuid: kvm.supportedCPUID().entries, entry: entry)

    // The flag lies in the run area of the vCPU, which lives to the end of the test.
    unsafe vcpu.immediateExit.pointee = 1
    #expect(vcpu.run() == .interrupted)
    unsafe vcpu.immediateExit.pointee = 0
    guard case .portWrite(let access) = vcpu.nextExit() else {
      Issue.record("without the flag the first exit is the guest's port write")
      return
    }
    #expect(access.port == 0x510 && access.width == 1 && access.count == 1)
  }

  @Test(arguments: [true, false])
  func `a stop request gets a vCPU out of the guest, whether it spins or sleeps`(spins: Bool) throws {
    let device = try RecordingDevice()
    let machine = try TinyMachine(
      spins ? .spin : .sleep, .real, ports: [.init(0x510, device)])
    try machine.start()
    try device.wait(for: "R")
    machine.handle.ask(VCPUHandle.Request.stop)
    guard case .stopped = try machine.ending() else {
      Issue.record("the vCPU did not end as asked")
      return
    }
  }

  @Test func `a kick reaches a vCPU whose maker had all signals blocked`() throws {
    let device = try RecordingDevice()
    let machine = try TinyMachine(.sleep, .real, ports: [.init(0x510, device)])
    var (all, old) = (sigset_t(), sigset_t())
    // Both sets are local and filled before they are read.
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_BLOCK, &all, &old)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &old, nil) }
    try machine.start()
    try device.wait(for: "R")
    machine.handle.ask(VCPUHandle.Request.stop)
    guard case .stopped = try machine.ending() else {
      Issue.record("the vCPU did not end as asked")
      return
    }
  }

  @Test func `a stop request that comes before the vCPU runs is not lost`() throws {
    let device = try RecordingDevice()
    let machine = try TinyMachine(.spin, .real, ports: [.init(0x510, device)])
    machine.handle.ask(VCPUHandle.Request.stop)
    try machine.run()
    #expect(device.accesses.isEmpty)
  }

  @Test func `a report tells where a spinning guest stands, and the guest goes on`() throws {
    let device = try RecordingDevice()
    let machine = try TinyMachine(.spin, .real, ports: [.init(0x510, device)])
    try machine.start()
    try device.wait(for: "R")
    machine.handle.ask(VCPUHandle.Request.report)
    try machine.reported.event.wait()
    let report = try #require(machine.handle.takeReport())
    #expect(report.cause == nil)
    let start = Layout.flatImage.value
    #expect((start..<start + UInt64(Guest.spin.bytes.count)).contains(report.instructionPointer))
    #expect(report.history.contains("port write 0x510, 1 bytes × 1"))

    #expect(!report.isWaiting)
    #expect(report.exitCount > 0)

    // What the guest waits for; it could not see it, had the report ended its run.
    try machine.memory.write(1 as UInt8, at: 0x6000)
    _ = try machine.ending()
  }

  /// One that nothing wakes is not taken for one that waits.
  @Test(arguments: [true, false])
  func `a report tells whether a guest sleeps until an interrupt comes`(isWakeable: Bool) throws {
    let device = try RecordingDevice()
    let machine = try TinyMachine(
      isWakeable ? .interruptWakes : .sleep, .real, ports: [.init(0x510, device)])
    try machine.start()
    try device.wait(for: "R")
    // It says so before it sleeps, and one that is asked without a pause may never get there.
    let jump: UInt8 = 0xEB  // what stands behind the HLT that nothing wakes
    var report: CPUReport?
    var sleeps = false
    for _ in 0..<100_000 where !sleeps {
      usleep(1000)
      machine.handle.ask(VCPUHandle.Request.report)
      try machine.reported.event.wait()
      report = machine.handle.takeReport()
      sleeps = isWakeable ? report?.isWaiting == true : report?.bytesAtInstruction.first == jump
    }
    #expect(sleeps)
    #expect(report?.isWaiting == isWakeable)
    machine.handle.ask(VCPUHandle.Request.stop)
    _ = try machine.ending()
  }
}
