extension ConfigurationSpace {
  /// Offsets of the registers in a type 0 header (PCI Local Bus 3.0 figure 6-1).
  public enum Register {
    public static let vendorID = 0x00
    public static let deviceID = 0x02
    public static let command = 0x04
    public static let status = 0x06
    public static let revisionID = 0x08
    public static let cacheLineSize = 0x0C
    public static let headerType = 0x0E
    public static let baseAddress0 = 0x10
    public static let subsystemVendorID = 0x2C
    public static let subsystemID = 0x2E
    public static let capabilitiesPointer = 0x34
    public static let interruptLine = 0x3C
    public static let interruptPin = 0x3D
  }

  /// Bits of the command register (section 6.2.2).
  public struct Command: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let portSpace = Command(rawValue: 1 << 0)
    public static let memorySpace = Command(rawValue: 1 << 1)
    public static let busMaster = Command(rawValue: 1 << 2)
    public static let parityErrorResponse = Command(rawValue: 1 << 6)
    public static let systemError = Command(rawValue: 1 << 8)
    public static let interruptDisable = Command(rawValue: 1 << 10)
    static let implemented: Command = [
      .portSpace, .memorySpace, .busMaster, .parityErrorResponse, .systemError, .interruptDisable,
    ]
  }

  /// What a function says it is.
  public struct Identity: Hashable, Sendable {
    public var vendorID: UInt16
    public var deviceID: UInt16
    /// Base class, subclass and programming interface, 24 bits: 0x060000 is a host bridge.
    public var classCode: UInt32
    public var revisionID: UInt8
    public var subsystemVendorID: UInt16
    public var subsystemID: UInt16
    /// Nil for a function that raises no interrupt by pin.
    public var interruptPin: InterruptPin?

    public init(
      vendorID: UInt16, deviceID: UInt16, classCode: UInt32, revisionID: UInt8 = 0,
      subsystemVendorID: UInt16 = 0, subsystemID: UInt16 = 0, interruptPin: InterruptPin? = nil
    ) {
      self.vendorID = vendorID
      self.deviceID = deviceID
      self.classCode = classCode
      self.revisionID = revisionID
      self.subsystemVendorID = subsystemVendorID
      self.subsystemID = subsystemID
      self.interruptPin = interruptPin
    }
  }

  /// A type 0 header without base addresses and capabilities, as after reset.
  public init(_ identity: Identity) {
    self.init()
    define(identity.vendorID, at: Register.vendorID)
    define(identity.deviceID, at: Register.deviceID)
    define(UInt16(0), at: Register.command, writable: Command.implemented.rawValue)
    define(UInt16(0), at: Register.status, clearedByOne: Self.reportedErrors)
    // One doubleword: the class code is the three bytes above the revision.
    define(identity.classCode << 8 | UInt32(identity.revisionID), at: Register.revisionID)
    define(UInt8(0), at: Register.cacheLineSize, writable: 0xFF)
    define(identity.subsystemVendorID, at: Register.subsystemVendorID)
    define(identity.subsystemID, at: Register.subsystemID)
    define(UInt8(0), at: Register.interruptLine, writable: 0xFF)
    define(identity.interruptPin?.rawValue ?? 0, at: Register.interruptPin)
  }

  /// Status bits 8 and 11 to 15: errors that a function saw, which a guest acknowledges.
  static let reportedErrors: UInt16 = 0xF900

  /// The command register as this header's registers have it now.
  public var command: Command {
    Command(rawValue: value(at: Register.command))
  }
}
