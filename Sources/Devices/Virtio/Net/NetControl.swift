/// The control queue, and the news of the link, on the first pair's event loop.
final class NetControl {
  private let host: any DeviceHost
  private let loop: EventLoop
  private var queue: ServedQueue?
  private var watch: EventLoop.Watch?
  private var wasUp: Bool

  /// - Parameter wasUp: the link when the driver got ready.
  init(_ port: NetPort, wasUp: Bool, host: any DeviceHost, on loop: EventLoop) {
    self.wasUp = wasUp
    self.host = host
    self.loop = loop
    watch = port.watchLink(on: loop) { [unowned self] in look(at: port) }
    if watch != nil { look(at: port) }
  }

  private func look(at port: NetPort) {
    let isUp = port.isUp
    if isUp != wasUp { host.configurationChanged() }
    wasUp = isUp
  }

  /// - Parameter carryOut: whether a command was accepted.
  func start(
    _ assignment: QueueAssignment, _ features: VirtioFeatures, carryOut: @escaping (ControlCommand) -> Bool
  ) {
    queue = ServedQueue(assignment, features: features, host: host, on: loop) { segments in
      let isAccepted = Self.command(segments).map(carryOut) ?? false
      let acknowledgement: UInt8 = isAccepted ? 0 : 1
      // The one byte of a variable.
      let written = unsafe withUnsafeBytes(of: acknowledgement) { unsafe segments.copyIn($0, at: 0) }
      return UInt32(written)
    }
  }

  func stopQueue() {
    queue?.stop()
    queue = nil
  }

  func stop() {
    stopQueue()
    if let watch { loop.cancel(watch) }
    watch = nil
  }

  private static func command(_ segments: borrowing SegmentList) -> ControlCommand? {
    guard segments.readableBytes <= ControlCommand.sizeLimit else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(segments.readableBytes))
    // The array has as many bytes as the chain.
    _ = unsafe bytes.withUnsafeMutableBytes { unsafe segments.copyOut(from: 0, into: $0) }
    return ControlCommand(bytes)
  }
}
