/// A state read back that no device could have been in.
public struct InvalidState: Error, Hashable, Sendable {
  /// The chip that refuses it.
  public let device: String
  /// The field that is out of range.
  public let field: String

  public init(device: String, field: String) {
    self.device = device
    self.field = field
  }

  /// Throws for `field` of `device` unless `condition` holds.
  static func unless(_ condition: Bool, _ device: String, _ field: String) throws(InvalidState) {
    if !condition { throw InvalidState(device: device, field: field) }
  }
}

/// A device that a snapshot can keep.
///
/// The state holds what the guest can tell apart and nothing of the host's: descriptors and
/// interrupts are made anew, and a line that the state asserts is pulsed once after a restore,
/// because an interrupt too many is harmless and one too few is not.
public protocol StatefulDevice {
  associatedtype State: Codable, Hashable, Sendable

  /// What a snapshot keeps. No vCPU may run meanwhile, or the whole is not of one moment.
  var state: State { get }

  /// Takes up `state`, which comes from a file and is checked.
  func restore(_ state: State) throws(InvalidState)
}
