import CHost
import CLinux
import SystemPackage
import TestSupport
import Testing

@testable import Devices

/// A network device on passt, which runs in a network namespace of its own.
private final class PasstBed: NetDriver {
  private let stream: FrameStream
  private let process: Int32

  /// - Parameter servers: lines of shell that run before it.
  init(servers: String) throws {
    let pair = try FrameStream.pair()
    stream = pair.stream
    let peer = OwnedDescriptor(takingOver: pair.peer)
    let null = try OwnedDescriptor.open("/dev/null", O_RDWR)
    let script = """
      PATH=$PATH:/usr/sbin:/sbin
      ip link set lo up
      ip link add eth0 type veth peer name up0
      ip address add 203.0.113.1/24 dev eth0
      ip link set eth0 up
      ip route add default via 203.0.113.2
      \(servers)
      exec passt --foreground --quiet --fd 3 --address 10.0.2.15 --netmask 24 --gateway 10.0.2.2 --mtu 1500 \\
        --tcp-ports none --udp-ports none
      """
    // What the servers leave ends with the process namespace.
    let words = [
      "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script,
    ]
    let texts = unsafe words.map { unsafe strdup($0) }
    defer { unsafe texts.forEach { unsafe free($0) } }
    let streams = [null.number, null.number, null.number, peer.number]
    // The texts end with NULL and live until after the call; the streams are as many as told.
    process = unsafe chost_start("/usr/bin/unshare", texts + [nil], streams, 4)
    try super.init(NetBackend(.stream(stream)), mtu: 1500)
  }

  deinit {
    stream.end(.closed)
    if process > 0 { _ = chost_wait_for_process(process) }
  }

  /// Waits for a frame of a type, and lets others pass.
  func take(type: UInt16) throws -> [UInt8] {
    while true {
      try give()
      let frame = try take().frame
      if UInt16(frame[12]) << 8 | UInt16(frame[13]) == type { return frame }
    }
  }
}

@Suite("virtio-net on passt", .enabled(if: NetworkNamespace.isPossible, "\(NetworkNamespace.reason)"))
struct PasstTests {
  private let guest: [UInt8] = [10, 0, 2, 15]
  private let gateway: [UInt8] = [10, 0, 2, 2]

  private func half(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

  private func arp(for address: [UInt8]) -> [UInt8] {
    let question: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 1]
    return MACAddress.broadcast.bytes + Frame.guest.bytes + [8, 6] + question + Frame.guest.bytes + guest
      + [0, 0, 0, 0, 0, 0] + address
  }

  /// A datagram without a checksum, which UDP allows.
  private func datagram(_ text: String, to address: [UInt8], _ port: Int, router: [UInt8]) -> [UInt8] {
    let body = Array(text.utf8)
    let udp: [UInt8] = half(40_000) + half(port) + half(8 + body.count) + half(0) + body
    var header: [UInt8] = [0x45, 0] + half(20 + udp.count) + [0, 0, 0, 0, 64, 17, 0, 0] + guest + address
    // The sum of its halves, in ones' complement.
    var sum = 0
    for index in stride(from: 0, to: header.count, by: 2) {
      sum += Int(header[index]) << 8 + Int(header[index + 1])
    }
    header.replaceSubrange(10..<12, with: half(~(sum & 0xFFFF + sum >> 16) & 0xFFFF))
    return router + Frame.guest.bytes + [8, 0] + header + udp
  }

  @Test func `the router answers, and a server of the host is asked and heard`() throws {
    let net = try PasstBed(
      servers:
        "socat UDP-RECVFROM:7007,fork 'EXEC:sed -u s/^/heard-/' &\nuntil grep -q ':1B5F ' /proc/net/udp; do sleep 0.05; done"
    )
    try net.start([.netMergeableBuffers])
    try net.transmit(arp(for: gateway))
    let answer = try net.take(type: 0x0806)
    #expect(Array(answer[20..<22]) == [0, 2])
    #expect(Array(answer[28..<32]) == gateway)
    #expect(Array(answer[0..<6]) == Frame.guest.bytes)
    // The host by its own address, and its loopback by the router's.
    for address in [[203, 0, 113, 1], gateway] as [[UInt8]] {
      try net.transmit(datagram("hello\n", to: address, 7007, router: Array(answer[6..<12])))
      let heard = try net.take(type: 0x0800)
      #expect(Array(heard[26..<30]) == address)
      #expect(Array(heard[30..<34]) == guest)
      #expect(String(decoding: heard[42...].prefix(12), as: UTF8.self) == "heard-hello\n")
    }
  }
}
