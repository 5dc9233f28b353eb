internal import CKVM
internal import Devices

/// Notifications through KVM_IOEVENTFD: a guest's write to an address signals an eventfd in the kernel,
/// and the vCPU goes on.
final class KernelDoorbells: DoorbellRegistry {
  private let vm: VMDescriptor

  init(_ vm: VMDescriptor) {
    self.vm = vm
  }

  func connect(_ doorbell: SharedEvent, at address: GuestAddress) {
    call(doorbell, address, flags: 0)
  }

  func disconnect(_ doorbell: SharedEvent, at address: GuestAddress) {
    call(doorbell, address, flags: CKVM_IOEVENTFD_FLAG_DEASSIGN)
  }

  private func call(_ doorbell: SharedEvent, _ address: GuestAddress, flags: UInt32) {
    var description = kvm_ioeventfd()
    description.fd = doorbell.event.number
    description.addr = address.value
    // A driver writes the queue's number, 16 bits wide (virtio 1.2 section 4.1.5.2).
    description.len = 2
    description.flags = flags
    // The structure is the one that the ioctl reads. Refused where the guest has laid two devices over
    // one another, or asks for more than the kernel has: then the write reaches the device as an exit.
    _ = unsafe ckvm_ioctl_ptr(vm.number, CKVM_IOEVENTFD, &description)
  }
}
