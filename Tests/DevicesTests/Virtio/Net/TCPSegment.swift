@testable import Devices

/// A TCP segment over IPv4 with a partial checksum, to be divided by somebody.
struct TCPSegment {
  static let headers = 14 + 20 + 20
  let payload: Int
  /// 0: it needs no dividing.
  let mss: UInt16

  /// virtio_net_hdr without num_buffers.
  var header: [UInt8] {
    let gso: UInt8 = mss == 0 ? 0 : NetHeader.Segmentation.tcp4
    return [1, gso, UInt8(Self.headers), 0, UInt8(truncatingIfNeeded: mss), UInt8(mss >> 8), 34, 0, 16, 0]
  }

  /// From the host to the guest.
  var frame: [UInt8] { make(Frame.guest, Frame.host, [10, 0, 0, 1], [10, 0, 0, 2], [0x10, 0, 0x20, 0]) }
  /// The other direction of the same flow.
  var reversed: [UInt8] { make(Frame.host, Frame.guest, [10, 0, 0, 2], [10, 0, 0, 1], [0x20, 0, 0x10, 0]) }

  private func make(
    _ destination: MACAddress, _ source: MACAddress, _ from: [UInt8], _ to: [UInt8], _ ports: [UInt8]
  ) -> [UInt8] {
    let length = 40 + payload
    var ip: [UInt8] =
      [0x45, 0, UInt8(length >> 8), UInt8(length & 255), 0, 0, 0x40, 0, 64, 6, 0, 0] + from + to
    let sum = ~Self.sum(ip)
    (ip[10], ip[11]) = (UInt8(sum >> 8), UInt8(sum & 255))
    let pseudo = Self.sum(from + to + [0, 6] + [UInt8((20 + payload) >> 8), UInt8((20 + payload) & 255)])
    let tcp: [UInt8] =
      ports + [0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0x20, 0, UInt8(pseudo >> 8), UInt8(pseudo & 255), 0, 0]
    let body = (0..<payload).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ $0 >> 8) }
    return destination.bytes + source.bytes + [0x08, 0x00] + ip + tcp + body
  }

  /// The ones' complement sum of 16-bit words.
  private static func sum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return UInt16(sum)
  }
}
