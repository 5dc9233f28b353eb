internal import CLinux
internal import Devices

/// A virtual machine's descriptor, shared by those who talk to KVM while the guest runs.
final class VMDescriptor: Sendable {
  private let descriptor: OwnedDescriptor
  /// Holds the machine in the kernel until a worker there takes it apart: that takes 10 to 20 ms of grace
  /// periods, for which neither a guest's reboot nor our own exit should wait. Nil where the host allows no
  /// io_uring; then they do.
  private let undertaker: OwnedDescriptor?

  init(_ descriptor: consuming OwnedDescriptor) {
    let ring = clinux_hold_in_ring(descriptor.number)
    undertaker = ring >= 0 ? OwnedDescriptor(takingOver: ring) : nil
    self.descriptor = descriptor
  }

  /// The number, for ioctls. Valid while this lives.
  var number: Int32 { descriptor.number }
}
