internal import Devices
internal import Synchronization
internal import SystemPackage

/// The first thing that ended a vCPU's run. Posted by any thread, read by the machine's.
final class EndingBox: Sendable {
  private let ending = Mutex<VCPUEnding?>(nil)
  let event: EventDescriptor

  init() throws(Errno) {
    event = try EventDescriptor()
  }

  /// Keeps `new` unless another one stands already.
  func post(_ new: VCPUEnding) {
    ending.withLock { if $0 == nil { $0 = new } }
    event.signal()
  }

  var first: VCPUEnding? { ending.withLock { $0 } }
}
