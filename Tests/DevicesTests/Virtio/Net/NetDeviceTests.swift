import CLinux
import TestSupport
import Testing

@testable import Devices

@Suite(
  "virtio-net on a TAP", .serialized, .enabled(if: NetworkNamespace.isPossible, "\(NetworkNamespace.reason)"))
struct NetDeviceTests {
  static let control: VirtioFeatures = [
    .netControlQueue, .netControlReceive, .netControlReceiveExtra, .netControlVLAN, .netControlMAC,
    .netControlGuestOffloads, .netGuestChecksum, .netMAC, .netStatus,
  ]

  // MARK: Receiving

  @Test(arguments: [[], [.netMergeableBuffers], [.eventIndex, .netMergeableBuffers]] as [VirtioFeatures])
  func `frames of the host reach the driver in order`(features: VirtioFeatures) throws {
    let net = try NetBed()
    try net.start(features)
    for _ in 0..<8 { try net.give() }
    for index in 0..<8 { try net.bed.send(Frame.make(size: 60 + 180 * index, seed: index)) }
    for index in 0..<8 {
      let got = try net.take()
      #expect(got.frame == Frame.make(size: 60 + 180 * index, seed: index))
      #expect(got.header == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    }
  }

  @Test(arguments: [[12], [1, 11, 13], [5, 12, 26, 30]] as [[UInt32]])
  func `buffers of any framing are filled`(cuts: [UInt32]) throws {
    let net = try NetBed()
    try net.start([.netControlQueue, .netControlReceive])
    try net.give(cuts: cuts)
    try net.bed.send(Frame.make(size: 1000))
    let got = try net.take()
    #expect(got.frame == Frame.make(size: 1000))
    #expect(got.header[10...] == [1, 0])
  }

  @Test func `a frame is spread over buffers where that was agreed`() throws {
    let net = try NetBed(mtu: 9000)
    try net.start([.netMergeableBuffers, .netMTU])
    for _ in 0..<20 { try net.give(1000) }
    try net.bed.send(Frame.make(size: 8000))
    try net.bed.send(Frame.make(size: 60, seed: 9))
    let got = try net.take()
    #expect(got.frame == Frame.make(size: 8000))
    #expect(got.buffers == 9)
    let next = try net.take()
    #expect(next.frame == Frame.make(size: 60, seed: 9))
    #expect(next.buffers == 1)
  }

  @Test func `a frame that does not fit waits for more buffers`() throws {
    let net = try NetBed(mtu: 9000)
    try net.start([.netMergeableBuffers])
    // Once it has seen four buffers, the device knows that the driver has some back.
    for _ in 0..<4 { try net.give(1000) }
    for index in 0..<3 { try net.bed.send(Frame.make(seed: index)) }
    for index in 0..<3 { #expect(try net.take().frame == Frame.make(seed: index)) }
    try net.bed.send(Frame.make(size: 3500))
    for _ in 0..<3 { try net.give(1000) }
    let got = try net.take()
    #expect(got.frame == Frame.make(size: 3500))
    #expect(got.buffers == 4)
  }

  @Test func `a frame that fits nowhere is dropped, and the next comes through`() throws {
    let net = try NetBed(mtu: 9000)
    try net.start()
    try net.give()
    try net.bed.send(Frame.make(size: 8000))
    try net.bed.send(Frame.make(size: 200))
    #expect(try net.take().frame == Frame.make(size: 200))
    try net.start([.netMergeableBuffers])
    for _ in 0..<3 { try net.give(1000) }
    try net.bed.send(Frame.make(size: 8000))
    try net.bed.send(Frame.make(size: 300))
    #expect(try net.take().frame == Frame.make(size: 300))
  }

  @Test func `frames wait in the TAP while the driver has no buffers`() throws {
    let net = try NetBed()
    try net.start(.eventIndex)
    for index in 0..<5 { try net.bed.send(Frame.make(seed: index)) }
    for index in 0..<5 {
      try net.give()
      #expect(try net.take().frame == Frame.make(seed: index))
    }
  }

  @Test func `a buffer too short for a header goes back empty`() throws {
    let net = try NetBed()
    try net.start(.netMergeableBuffers)
    try net.give(11)
    try net.give(500)
    try net.bed.send(Frame.make())
    #expect(try net.driver.waitForUsed(net.queues[0], 0).written == 0)
    #expect(try net.take().frame == Frame.make())
  }

  @Test func `frames from before the driver was ready are not its own`() throws {
    let net = try NetBed()
    try net.bed.send(Frame.make(seed: 1))
    try net.start()
    try net.give()
    try net.bed.send(Frame.make(seed: 2))
    #expect(try net.take().frame == Frame.make(seed: 2))
  }

  @Test func `a segment as large as the driver takes comes whole, else divided`() throws {
    let net = try NetBed(hasHeader: true)
    let segment = TCPSegment(payload: 20_000, mss: 1000)
    try net.start([.netMergeableBuffers, .netGuestChecksum, .netGuestTSO4])
    for _ in 0..<40 { try net.give() }
    try net.bed.send(segment.header + segment.frame)
    let whole = try net.take()
    #expect(whole.frame == segment.frame)
    #expect(whole.header[1] == NetHeader.Segmentation.tcp4)
    #expect(whole.header[4...5] == [0xE8, 0x03])
    try net.start(.netMergeableBuffers)
    for _ in 0..<40 { try net.give() }
    try net.bed.send(segment.header + segment.frame)
    for _ in 0..<20 {
      let part = try net.take()
      #expect(part.frame.count == TCPSegment.headers + 1000)
      #expect(part.header == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    }
  }

  // MARK: Sending

  @Test(arguments: [[], [12], [1, 2, 3, 11, 12, 13, 26], [5, 20, 500]] as [[UInt32]])
  func `frames of the driver reach the host, of any framing`(cuts: [UInt32]) throws {
    let net = try NetBed()
    try net.start(.indirectDescriptors)
    for size in [14 + 46, 1514] {
      try net.transmit(Frame.make(to: .broadcast, size: size), cuts: cuts)
      #expect(try net.bed.receive() == Frame.make(to: .broadcast, size: size))
    }
  }

  @Test func `what breaks the rules is dropped and given back`() throws {
    let net = try NetBed()
    try net.start(.netChecksum)
    let good = Frame.make(to: .broadcast)
    let header = [UInt8](repeating: 0, count: 12)
    // No room for a header, no room for an Ethernet header, too long for any packet.
    try net.transmit([], header: [0, 0])
    try net.transmit(Array(good[..<13]))
    try net.transmit([UInt8](repeating: 0, count: 66_000))
    // A checksum outside the frame, segmentation that was not agreed.
    try net.transmit(good, header: [1, 0, 0, 0, 0, 0, 99, 0, 0, 0, 0, 0])
    try net.transmit(good, header: [1, 1, 0, 0, 0, 1, 34, 0, 16, 0, 0, 0])
    try net.transmit(Frame.make(to: .broadcast, seed: 5), header: header)
    #expect(try net.bed.receive() == Frame.make(to: .broadcast, seed: 5))
  }

  @Test func `a queueful is sent at once`() throws {
    let net = try NetBed()
    try net.start(.eventIndex, size: 512)
    for index in 0..<512 {
      let frame = Frame.make(to: .broadcast, size: 60 + index, seed: index)
      try net.queues[1].add([net.driver.arena.readable([UInt8](repeating: 0, count: 12) + frame)])
    }
    try net.driver.kick(net.queues[1], 1)
    for index in 0..<512 {
      #expect(try net.bed.receive() == Frame.make(to: .broadcast, size: 60 + index, seed: index))
    }
  }

  // MARK: Faults

  @Test(arguments: MalformedChain.allCases, [0, 1, 2])
  func `a malformed chain makes it ask for a reset, after which it works again`(
    chain: MalformedChain, queue: Int
  ) throws {
    let net = try NetBed()
    try net.start([.indirectDescriptors, .netControlQueue], size: 8)
    try net.queues[queue].offer(chain, in: net.driver.arena)
    net.driver.notify(queue)
    // Buffers are looked at when there is something to put into them.
    if queue == 0 { try net.bed.send(Frame.make()) }
    try net.driver.wait { net.driver.status.contains(.needsReset) }
    try net.start()
    try net.give()
    try net.bed.send(Frame.make())
    #expect(try net.take().frame == Frame.make())
  }

  @Test func `it goes on when the TAP is gone`() throws {
    let net = try NetBed()
    try net.start()
    try net.give()
    try net.bed.remove()
    try net.transmit(Frame.make())
    #expect(net.configuration(6, 2) == 0)
    try net.driver.reset()
  }
}
