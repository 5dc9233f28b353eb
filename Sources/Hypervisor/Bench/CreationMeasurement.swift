internal import CKVM
internal import CLinux
internal import Devices
internal import SystemPackage

/// An open KVM that several hold.
final class HeldKVM: Sendable {
  let kvm: KVM

  init(_ kvm: consuming KVM) {
    self.kvm = kvm
  }
}

/// Makes virtual machines. What it takes to unmake them is not measured.
struct MachineCreation: Measurement {
  private let held: HeldKVM
  private let memory: GuestMemory

  init(_ held: HeldKVM) throws(BenchError) {
    self.held = held
    memory = try BenchError.making("the guest's memory") { () throws(Errno) in
      try GuestMemory([GuestRange(base: 0, size: Layout.legacyVideo.value)])
    }
  }

  mutating func run(_ side: BenchSide, samples wanted: Int) throws(BenchError) -> RawSamples {
    let warmUp = ExitKind.vmCreation.warmUp(samples: wanted)
    var totals: [UInt64] = []
    for _ in 0..<(warmUp + wanted) { totals.append(try side == .swiftvm ? make() : makeBare()) }
    return RawSamples(totals: Array(totals.dropFirst(warmUp)))
  }

  private func make() throws(BenchError) -> UInt64 {
    let begin = clinux_ticks()
    let vm = try BenchError.asking { () throws(KVMError) in
      try KVMVirtualMachine.make(on: held.kvm, memory: memory)
    }
    let end = clinux_ticks()
    _ = consume vm
    return end &- begin
  }

  private func makeBare() throws(BenchError) -> UInt64 {
    guard let region = memory.regions.first else { throw .lacks("there is no memory") }
    let begin = clinux_ticks()
    // The memory outlives the machine.
    let vm = unsafe ckvm_floor_make_vm(
      held.kvm.descriptor.number, region.range.size, region.hostBase, Layout.identityMapPage.value,
      Layout.taskStateSegment.value)
    let end = clinux_ticks()
    try BenchError.check("KVM_CREATE_VM", vm)
    // Unmade as the other is, so that neither finds the kernel busier.
    _ = VMDescriptor(OwnedDescriptor(takingOver: vm))
    return end &- begin
  }
}

/// Makes vCPUs, some to a machine.
struct ProcessorCreation: Measurement {
  private let held: HeldKVM
  private let areaSize: Int
  private let perMachine: UInt32

  init(_ held: HeldKVM) throws(BenchError) {
    self.held = held
    areaSize = try BenchError.asking { () throws(KVMError) in try held.kvm.runAreaSize() }
    perMachine = UInt32(clamping: min(held.kvm.maximumVCPUs, 32))
  }

  mutating func run(_ side: BenchSide, samples wanted: Int) throws(BenchError) -> RawSamples {
    let warmUp = ExitKind.vcpuCreation.warmUp(samples: wanted)
    var totals: [UInt64] = []
    while totals.count < warmUp + wanted {
      let vm = try BenchError.asking { () throws(KVMError) in try KVMVirtualMachine.make(on: held.kvm) }
      for id in 0..<min(perMachine, UInt32(clamping: warmUp + wanted - totals.count)) {
        totals.append(try side == .swiftvm ? make(id, in: vm) : makeBare(id, in: vm))
      }
    }
    return RawSamples(totals: Array(totals.dropFirst(warmUp)))
  }

  private func make(_ id: UInt32, in vm: borrowing KVMVirtualMachine) throws(BenchError) -> UInt64 {
    let begin = clinux_ticks()
    let vcpu: VirtualCPU
    do throws(KVMError) { vcpu = try vm.makeVCPU(id: id) } catch { throw .kvm(error) }
    let end = clinux_ticks()
    _ = consume vcpu
    return end &- begin
  }

  private func makeBare(_ id: UInt32, in vm: borrowing KVMVirtualMachine) throws(BenchError) -> UInt64 {
    var area: UnsafeMutableRawPointer?
    let begin = clinux_ticks()
    // The call fills the local variable.
    let vcpu = unsafe ckvm_floor_make_vcpu(vm.descriptor.number, id, areaSize, &area)
    let end = clinux_ticks()
    try BenchError.check("KVM_CREATE_VCPU", vcpu)
    unsafe munmap(area, areaSize)
    _ = OwnedDescriptor(takingOver: vcpu)
    return end &- begin
  }
}
