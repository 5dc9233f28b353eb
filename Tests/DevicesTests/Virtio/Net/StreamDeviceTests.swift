import SystemPackage
import TestSupport
import Testing

@testable import Devices

/// A network device on a stream, with a driver, and the other end of the stream.
private final class StreamBed: NetDriver {
  let peer: StreamPeer

  init(mtu: Int? = nil) throws {
    peer = try StreamPeer()
    try super.init(NetBackend(.stream(peer.stream)), mtu: mtu)
  }
}

@Suite("virtio-net on a stream")
struct StreamDeviceTests {
  @Test func `no work on frames is offered that nobody would do`() throws {
    let net = try StreamBed(mtu: 9000)
    let offered = net.device.features
    #expect(offered.isDisjoint(with: .netGuestOffloads))
    #expect(
      offered.isDisjoint(with: [
        .netChecksum, .netHostTSO4, .netHostTSO6, .netHostECN, .netHostUSO, .netControlGuestOffloads,
        .netMultiqueue,
      ]))
    #expect(offered.isSuperset(of: [.netMergeableBuffers, .netStatus, .netMAC, .netMTU]))
    #expect(net.configuration(10, 2) == 9000)
  }

  @Test(arguments: [[], [.netMergeableBuffers], [.eventIndex, .netMergeableBuffers]] as [VirtioFeatures])
  func `frames pass in order, both ways`(features: VirtioFeatures) throws {
    let net = try StreamBed()
    try net.start(features)
    for _ in 0..<8 { try net.give() }
    for index in 0..<8 { try net.peer.send(frame: Frame.make(size: 60 + 180 * index, seed: index)) }
    for index in 0..<8 {
      let got = try net.take()
      #expect(got.frame == Frame.make(size: 60 + 180 * index, seed: index))
      #expect(got.header == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    }
    for index in 0..<8 { try net.transmit(Frame.make(size: 60 + 180 * index, seed: index), cuts: [5, 14]) }
    for index in 0..<8 { #expect(try net.peer.receive() == Frame.make(size: 60 + 180 * index, seed: index)) }
  }

  @Test func `more frames than a turn moves all come, though the stream has given them at once`() throws {
    let net = try StreamBed()
    try net.start([.netMergeableBuffers], size: 512)
    // In one piece: many small ones fill a socket that nobody reads.
    try net.peer.send((0..<400).flatMap { StreamPeer.framed(Frame.make(seed: $0)) })
    for _ in 0..<400 { try net.give(200) }
    for seed in 0..<400 { #expect(try net.take().frame == Frame.make(seed: seed)) }
  }

  @Test func `a large frame is spread over buffers`() throws {
    let net = try StreamBed(mtu: 65_520)
    try net.start([.netMergeableBuffers, .netMTU])
    for _ in 0..<60 { try net.give(1526) }
    try net.peer.send(frame: Frame.make(size: 65_534))
    #expect(try net.take().frame == Frame.make(size: 65_534))
  }

  @Test func `what waits for a peer that does not read arrives when it does`() throws {
    let net = try StreamBed()
    net.peer.shrink()
    try net.start()
    for seed in 0..<60 {
      try net.queues[1].add([
        net.driver.arena.readable([UInt8](repeating: 0, count: 12) + Frame.make(size: 9000, seed: seed))
      ])
    }
    try net.driver.kick(net.queues[1], 1)
    for seed in 0..<60 { #expect(try net.peer.receive() == Frame.make(size: 9000, seed: seed)) }
  }

  @Test func `a driver that comes after another gets whole frames, and only its own`() throws {
    let net = try StreamBed()
    try net.start()
    let begun = StreamPeer.framed(Frame.make(size: 500, seed: 3))
    // Of the first driver, which has given no buffer.
    for seed in 10..<20 { try net.peer.send(frame: Frame.make(seed: seed)) }
    try net.peer.send(Array(begun[..<100]))
    try net.start()
    try net.give()
    try net.peer.send(Array(begun[100...]))
    #expect(try net.take().frame == Frame.make(size: 500, seed: 3))
  }

  @Test func `the link goes down with the peer, and the device goes on`() throws {
    let net = try StreamBed()
    try net.start([.netStatus])
    #expect(net.configuration(6, 2) == 1)
    net.peer.close()
    try net.driver.wait { net.configuration(6, 2) == 0 }
    try net.transmit(Frame.make())
    try net.start([.netStatus])
    try net.transmit(Frame.make())
    #expect(!net.driver.status.contains(.needsReset))
  }

  @Test func `a peer that breaks the framing is a link that is down`() throws {
    let net = try StreamBed()
    try net.start([.netStatus])
    for _ in 0..<2 { try net.give() }
    try net.peer.send(frame: Frame.make())
    try net.peer.send([0xFF, 0xFF, 0xFF, 0xFF] + Frame.make())
    #expect(try net.take().frame == Frame.make())
    try net.driver.wait { net.configuration(6, 2) == 0 }
    #expect(net.peer.stream.ending == .badLength(.max))
    #expect(net.peer.isHungUp)
    try net.transmit(Frame.make())
    #expect(!net.driver.status.contains(.needsReset))
  }
}
