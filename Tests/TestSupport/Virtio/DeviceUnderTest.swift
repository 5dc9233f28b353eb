public import Devices

/// A kind of device, for suites that hold for every one. To add a device is to add a line to `all`.
public struct DeviceUnderTest: Sendable, CustomStringConvertible {
  public let name: String
  public let make: @Sendable (IOThread) throws -> any VirtioDevice

  public static let all: [DeviceUnderTest] = [
    DeviceUnderTest(name: "rng") { EntropyDevice(thread: $0) },
    DeviceUnderTest(name: "console") { try ConsoleDevice(thread: $0, sink: ScriptedConsole()) },
  ]

  public var description: String { name }

  /// A driver of a new device, in memory of its own.
  public func driver(arena: GuestArena? = nil) throws -> PCIDriver {
    try PCIDriver(try make(IOThread(name: name)), arena: arena ?? GuestArena())
  }
}
