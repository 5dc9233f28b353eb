import CLinux
import CTestNetwork
import SystemPackage
import TestSupport

@testable import Devices

/// A TAP in a network namespace of its own, and the host's end of it.
final class TapBed: Sendable {
  let tap: Tap
  /// Asks about interfaces of the namespace.
  let interfaces: LinkSocket
  private let socket: OwnedDescriptor
  private let hasHeader: Bool

  static let name = "tap0"

  /// - Parameter hasHeader: whether the frames to send begin with a 10-byte virtio header.
  static func make(queues: Int = 1, mtu: Int = 1500, hasHeader: Bool = false) throws -> TapBed {
    try NetworkNamespace.run {
      let tap = try Tap.open(name, queues: queues)
      if mtu != 1500 { try tap.setMTU(mtu) }
      return TapBed(
        tap: tap, interfaces: try LinkSocket(),
        // The kernel copies the name.
        socket: try OwnedDescriptor(result: unsafe ctest_packet_socket(name, hasHeader ? 1 : 0)),
        hasHeader: hasHeader)
    }
  }

  private init(tap: Tap, interfaces: LinkSocket, socket: consuming OwnedDescriptor, hasHeader: Bool) {
    self.tap = tap
    self.interfaces = interfaces
    self.socket = socket
    self.hasHeader = hasHeader
  }

  /// Takes the interface away, as `ip link del` does.
  func remove() throws {
    let result = ctest_delete_interface(interfaces.descriptor.number, interfaces.index(of: Self.name) ?? 0)
    if result < 0 { throw Errno(rawValue: -result) }
  }

  /// Sends a frame into the TAP, as the host would.
  func send(_ frame: [UInt8]) throws {
    // The array is as long as told.
    let count = unsafe write(socket.number, frame, frame.count)
    guard count == frame.count else { throw Errno(rawValue: clinux_errno()) }
  }

  /// The next frame of ours that the guest sent.
  func receive(milliseconds: Int32 = 600_000) throws -> [UInt8] {
    while true {
      var buffer = [UInt8](repeating: 0, count: 1 << 17)
      // The array is as long as told.
      let count = unsafe ctest_packet_receive(socket.number, &buffer, buffer.count, milliseconds)
      guard count >= 0 else { throw WaitedTooLong() }
      let frame = Array(buffer[(hasHeader ? 10 : 0)..<count])
      if Frame.isOurs(frame) { return frame }
    }
  }
}

/// Ethernet frames of a type that nobody uses.
enum Frame {
  static let guest = MACAddress(value: 0x0200_0000_00AA)
  static let host = MACAddress(value: 0x0200_0000_00BB)

  /// A frame of `size` bytes in all, each of them telling where it is.
  static func make(to destination: MACAddress = guest, vlan: UInt16? = nil, size: Int = 100, seed: Int = 0)
    -> [UInt8]
  {
    let tag: [UInt8] = vlan.map { [0x81, 0x00, UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] } ?? []
    let start: [UInt8] = destination.bytes + host.bytes + tag + [0x88, 0xB5]
    return start + (start.count..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8 &+ seed) }
  }

  static func isOurs(_ frame: [UInt8]) -> Bool {
    guard frame.count > 17 else { return false }
    return frame[12...13] == [0x88, 0xB5] || frame[12...13] == [0x81, 0] && frame[16...17] == [0x88, 0xB5]
  }
}
