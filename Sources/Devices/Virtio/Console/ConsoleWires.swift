internal import Synchronization
internal import SystemPackage

/// What a console's two sides share.
final class ConsoleWires: Sendable {
  let sink: any ConsoleSink
  /// Input that the guest has no buffer for yet.
  let input = ConsoleRing(capacity: 4096)
  /// Input came.
  let inputReady: SharedEvent
  /// `receive` took less than it was offered.
  let isCallerWaiting = Atomic<Bool>(false)
  let receiveRoom: SharedEvent
  /// The sink has room again.
  let outputRoom: SharedEvent

  init(sink: any ConsoleSink) throws(Errno) {
    self.sink = sink
    inputReady = try SharedEvent()
    receiveRoom = try SharedEvent()
    outputRoom = try SharedEvent()
  }
}
