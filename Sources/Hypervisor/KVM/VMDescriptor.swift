internal import Devices

/// A virtual machine's descriptor, shared by those who talk to KVM while the guest runs.
final class VMDescriptor: Sendable {
  private let descriptor: OwnedDescriptor

  init(_ descriptor: consuming OwnedDescriptor) {
    self.descriptor = descriptor
  }

  /// The number, for ioctls. Valid while this lives.
  var number: Int32 { descriptor.number }
}
