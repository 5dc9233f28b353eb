/// The host's side of a network device.
public enum NetPort: Sendable {
  /// An interface of the host's kernel.
  case tap(Tap)
  /// Another program.
  case stream(FrameStream)

  public var name: String {
    switch self {
    case .tap(let tap): tap.name
    case .stream(let stream): stream.name
    }
  }

  var queues: [any FramePort] {
    switch self {
    case .tap(let tap): tap.queues
    case .stream(let stream): [stream]
    }
  }

  /// The features by which the host, or the driver, leaves work on a frame to the other.
  var offloads: VirtioFeatures {
    guard case .tap(let tap) = self else { return [] }
    var features: VirtioFeatures = [
      .netChecksum, .netHostTSO4, .netHostTSO6, .netHostECN,
      .netGuestChecksum, .netGuestTSO4, .netGuestTSO6, .netGuestECN, .netControlGuestOffloads,
    ]
    if tap.hasUSO { features.formUnion([.netHostUSO, .netGuestUSO4, .netGuestUSO6]) }
    return features
  }

  /// Tells the host what the driver does itself, of `netGuestOffloads`.
  func setOffloads(_ offloads: VirtioFeatures) {
    // Refused where the TAP is gone.
    if case .tap(let tap) = self { try? tap.queues[0].setOffloads(offloads) }
  }

  /// Whether frames can pass.
  var isUp: Bool {
    switch self {
    case .tap(let tap): tap.link?.isUp ?? true
    case .stream(let stream): stream.ending == nil
    }
  }

  /// Calls `handler` on the loop when `isUp` may have changed.
  ///
  /// - Returns: nil where nothing is heard of the link.
  func watchLink(on loop: EventLoop, _ handler: @escaping () -> Void) -> EventLoop.Watch? {
    // A host that cannot watch one more descriptor leaves the guest with the link that it saw first.
    switch self {
    case .tap(let tap):
      tap.link.flatMap { link in
        try? loop.watch(link.events) {
          link.drain()
          handler()
        }
      }
    case .stream(let stream): try? loop.watch(stream.ended.number, for: .signal, handler: handler)
    }
  }
}
