internal import Synchronization
public import SystemPackage

/// What a guest or a person asked the machine as a whole to do.
public enum PowerRequest: UInt8, Sendable {
  case powerOff = 1
  case reset = 2
}

/// The wire from the chips that can end a machine's run to the one who ends it.
public final class PowerControl: Sendable {
  private let request = Atomic<UInt8>(0)

  /// Signalled once, at the first request.
  public let event: EventDescriptor

  public init() throws(Errno) {
    event = try EventDescriptor()
  }

  /// Asks for `wish`. The first request stands; later ones are dropped.
  public func ask(for wish: PowerRequest) {
    let answer = request.compareExchange(
      expected: 0, desired: wish.rawValue, ordering: .acquiringAndReleasing)
    if answer.exchanged {
      event.signal()
    }
  }

  /// The request that stands, if any.
  public var pending: PowerRequest? {
    PowerRequest(rawValue: request.load(ordering: .acquiring))
  }
}
