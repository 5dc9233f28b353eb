public import Devices

/// A kind of device, for suites that hold for every one. To add a device is to add a line to `all`.
public struct DeviceUnderTest: Sendable, CustomStringConvertible {
  public let name: String
  public let make: @Sendable (IOThread) throws -> any VirtioDevice

  /// Every device that can be made here.
  public static let all =
    [
      DeviceUnderTest(name: "rng") { EntropyDevice(thread: $0) },
      DeviceUnderTest(name: "console") { try ConsoleDevice(thread: $0, sink: ScriptedConsole()) },
      // A queue on a thread that others may share, and one on a thread of its own.
      DeviceUnderTest(name: "block") { thread in
        try BlockDevice(
          ThreadedDisk(TemporaryFile(size: 1 << 20).open()), identity: "conformance",
          threads: [thread, try IOThread(name: "block.1")], monitor: try DiskMonitor())
      },
      // The other end of its stream stays open, and takes what fits.
      DeviceUnderTest(name: "net on a stream") { _ in
        let stream = try FrameStream.pair().stream
        return try NetDevice(
          NetBackend(.stream(stream)), mac: MACAddress(derivedFrom: ["conformance"]), mtu: 9000,
          name: "stream")
      },
    ] + (NetworkNamespace.isPossible ? [net] : [])

  /// Two pairs of queues on a TAP in a network namespace of its own.
  static let net = DeviceUnderTest(name: "net") { _ in
    let tap = try NetworkNamespace.run { try Tap.open("tap0", queues: 2) }
    return try NetDevice(
      NetBackend(.tap(tap)), mac: MACAddress(derivedFrom: ["conformance"]), mtu: 1500, name: "net")
  }

  public var description: String { name }

  /// A driver of a new device, in memory of its own.
  public func driver(arena: GuestArena? = nil) throws -> PCIDriver {
    try PCIDriver(try make(IOThread(name: name)), arena: arena ?? GuestArena())
  }
}
