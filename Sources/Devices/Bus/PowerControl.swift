internal import Synchronization
public import SystemPackage

/// What a guest or a person asked the machine as a whole to do.
public enum PowerRequest: Hashable, Sendable {
  case powerOff
  case reset
  /// To end, for its kernel has panicked.
  case panic
  /// To end with this status, as a test kernel does through a debug port.
  case exit(status: UInt8)

  /// Never 0: what it is in the word that threads share.
  fileprivate var code: UInt16 {
    switch self {
    case .powerOff: 1
    case .reset: 2
    case .panic: 4
    case .exit(let status): 3 | UInt16(status) &<< 8
    }
  }

  fileprivate init?(code: UInt16) {
    switch code & 0xFF {
    case 1: self = .powerOff
    case 2: self = .reset
    case 3: self = .exit(status: UInt8(truncatingIfNeeded: code &>> 8))
    case 4: self = .panic
    default: return nil
    }
  }
}

/// The wire from the chips that can end a machine's run to the one who ends it.
public final class PowerControl: Sendable {
  private let request = Atomic<UInt16>(0)

  /// Signalled once, at the first request.
  public let event: EventDescriptor

  public init() throws(Errno) {
    event = try EventDescriptor()
  }

  /// Asks for `wish`. The first request stands; later ones are dropped.
  public func ask(for wish: PowerRequest) {
    let answer = request.compareExchange(
      expected: 0, desired: wish.code, ordering: .acquiringAndReleasing)
    if answer.exchanged {
      event.signal()
    }
  }

  /// The request that stands, if any.
  public var pending: PowerRequest? {
    PowerRequest(code: request.load(ordering: .acquiring))
  }
}
