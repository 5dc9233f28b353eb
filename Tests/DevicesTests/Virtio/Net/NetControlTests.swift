import CLinux
import TestSupport
import Testing

@testable import Devices

@Suite(
  "virtio-net's control queue, configuration and link", .serialized,
  .enabled(if: NetworkNamespace.isPossible, "\(NetworkNamespace.reason)"))
struct NetControlTests {
  private static let features = NetDeviceTests.control

  @Test func `the configuration tells address, link, pairs and MTU`() throws {
    let net = try NetBed(queues: 3, mtu: 4000)
    #expect(net.configuration(0, 6) == 0xAA00_0000_0002)
    #expect(net.configuration(6, 2) == 1)
    #expect(net.configuration(8, 2) == 3)
    #expect(net.configuration(10, 2) == 4000)
    #expect(net.configuration(8, 4) == 4000 << 16 | 3)
    #expect(net.device.features.isSuperset(of: [.netMultiqueue, .netMTU, .netStatus]))
    #expect(net.device.queueSizes.count == 7)
    #expect(try NetBed().device.features.isDisjoint(with: .netMultiqueue))
  }

  @Test func `the driver gets its own and broadcast frames, and those that it asks for`() throws {
    let net = try NetBed()
    try net.start(Self.features)
    let other = MACAddress(value: 0x0200_0000_0001)
    let group = MACAddress(value: 0x0100_5E00_0001)
    func expectOnly(_ wanted: [MACAddress]) throws {
      for address in [other, group, Frame.guest, .broadcast] { try net.bed.send(Frame.make(to: address)) }
      for address in wanted {
        try net.give()
        #expect(try net.take().frame == Frame.make(to: address))
      }
    }
    try expectOnly([Frame.guest, .broadcast])
    #expect(try net.command([0, 1, 1]) == 0)
    try expectOnly([group, Frame.guest, .broadcast])
    #expect(try net.command([1, 0, 1, 0, 0, 0] + other.bytes + [0, 0, 0, 0]) == 0)
    try expectOnly([other, group, Frame.guest, .broadcast])
    #expect(try net.command([0, 4, 1]) == 0)
    try expectOnly([group, .broadcast])
    #expect(try net.command([0, 0, 1]) == 0)
    try expectOnly([other, group, Frame.guest, .broadcast])
  }

  @Test func `a new address holds for the filter and the configuration until a reset`() throws {
    let net = try NetBed()
    try net.start(Self.features)
    let new = MACAddress(value: 0x0200_0000_0077)
    #expect(try net.command([1, 1] + new.bytes) == 0)
    #expect(net.configuration(0, 6) == 0x7700_0000_0002)
    try net.give()
    try net.bed.send(Frame.make())
    try net.bed.send(Frame.make(to: new))
    #expect(try net.take().frame == Frame.make(to: new))
    try net.driver.reset()
    #expect(net.configuration(0, 6) == 0xAA00_0000_0002)
  }

  @Test func `tagged frames come of the VLANs that were added`() throws {
    let net = try NetBed()
    try net.start(Self.features)
    for _ in 0..<3 { try net.give() }
    #expect(try net.command([2, 0, 5, 0]) == 0)
    try net.bed.send(Frame.make(vlan: 6))
    try net.bed.send(Frame.make(vlan: 5))
    #expect(try net.take().frame == Frame.make(vlan: 5))
    #expect(try net.command([2, 1, 5, 0]) == 0)
    try net.bed.send(Frame.make(vlan: 5, seed: 1))
    try net.bed.send(Frame.make(seed: 2))
    #expect(try net.take().frame == Frame.make(seed: 2))
  }

  @Test(
    arguments: [
      [0, 0, 2], [9, 9, 9], [4, 0, 1, 0], [5, 0, 0x80, 0, 0, 0, 0, 0, 0, 0], [], [1, 1, 1, 0, 0, 0, 0, 1],
    ]
      as [[UInt8]])
  func `a command that it does not take is answered with an error`(bytes: [UInt8]) throws {
    let net = try NetBed()
    try net.start(Self.features)
    // An empty buffer carries no command at all.
    #expect(try net.command(bytes.isEmpty ? [0] : bytes) == 1)
    #expect(try net.command([0, 0, 1]) == 0)
  }

  @Test func `a command without room for its answer changes nothing that hurts`() throws {
    let net = try NetBed()
    try net.start(Self.features)
    try net.queues[2].add([net.driver.arena.readable([0, 0, 1])])
    try net.driver.kick(net.queues[2], 2)
    #expect(try net.driver.waitForUsed(net.queues[2], 2).written == 0)
    #expect(try net.command([0, 0, 0]) == 0)
  }

  @Test func `the second pair works when it was asked for, and only then`() throws {
    let net = try NetBed(queues: 2)
    try net.start(Self.features.union(.netMultiqueue))
    for _ in 0..<4 {
      try net.give(queue: 0)
      try net.give(queue: 2)
    }
    // What is put into the second pair before it is in use waits there.
    let early = Frame.make(to: .broadcast, seed: 1)
    try net.queues[3].add([net.driver.arena.readable([UInt8](repeating: 0, count: 12) + early)])
    try net.driver.kick(net.queues[3], 3)
    try net.transmit(Frame.make(to: .broadcast, seed: 2))
    #expect(try net.bed.receive() == Frame.make(to: .broadcast, seed: 2))
    #expect(try net.command([4, 0, 3, 0]) == 1)
    #expect(try net.command([4, 0, 2, 0]) == 0)
    #expect(try net.bed.receive() == early)
    #expect(try net.driver.waitForUsed(net.queues[3], 3).written == 0)
    // The kernel steers what comes to the pair that its flow was sent from.
    let flow = TCPSegment(payload: 50, mss: 0)
    try net.transmit(flow.reversed, queue: 3)
    try net.bed.send(flow.frame)
    #expect(try net.take(queue: 2).frame == flow.frame)
    // Back to one pair: the second gets nothing more.
    #expect(try net.command([4, 0, 1, 0]) == 0)
    for index in 0..<3 {
      try net.bed.send(flow.frame + [UInt8(index)])
      #expect(try net.take(queue: 0).frame == flow.frame + [UInt8(index)])
    }
  }

  @Test func `without multiqueue the third queue is the control queue`() throws {
    let net = try NetBed(queues: 2)
    try net.start(Self.features)
    #expect(try net.command([0, 0, 1]) == 0)
  }

  @Test func `without multiqueue the control queue outlives the reset of a queue that serves nobody`() throws
  {
    let net = try NetBed(queues: 2)
    try net.start(Self.features.union(.ringReset))
    for index in 3...4 {
      net.driver.write(UInt64(index), to: .queueSelect)
      net.driver.write(1, to: .queueReset)
      try net.driver.wait { net.driver.read(.queueReset) == 0 }
      #expect(net.driver.read(.queueEnable) == 0)
    }
    #expect(try net.command([0, 0, 1]) == 0)
  }

  @Test func `the link follows the interface`() throws {
    let net = try NetBed()
    try net.start(Self.features)
    let vector = net.driver.router.vectors[0]
    net.driver.write(0, to: .configurationVector)
    for isUp in [false, true, false, true] {
      let generation = net.driver.read(.generation)
      try net.bed.interfaces.setUp(isUp, TapBed.name)
      try vector.event.wait()
      vector.event.take()
      #expect(net.configuration(6, 2) == (isUp ? 1 : 0))
      #expect(net.driver.read(.generation) != generation)
    }
    try net.give()
    // The socket tells once that the interface was down.
    try? net.bed.send(Frame.make(seed: 1))
    try net.bed.send(Frame.make(seed: 1))
    #expect(try net.take().frame == Frame.make(seed: 1))
  }

  @Test func `a queue can be reset alone`() throws {
    let net = try NetBed()
    try net.start(Self.features.union(.ringReset))
    try net.give()
    net.driver.write(0, to: .queueSelect)
    net.driver.write(1, to: .queueReset)
    try net.driver.wait { net.driver.read(.queueReset) == 0 }
    try net.restart(queue: 0)
    try net.give()
    try net.bed.send(Frame.make(seed: 3))
    #expect(try net.take().frame == Frame.make(seed: 3))
  }

  @Test func `a reset at any moment stops it`() throws {
    let net = try NetBed(queues: 2)
    for round in 0..<20 {
      try net.start(Self.features.union([.netMultiqueue, .netMergeableBuffers, .eventIndex]), size: 16)
      for _ in 0..<8 { try net.give(400) }
      for index in 0..<round { try net.bed.send(Frame.make(seed: index)) }
      if round % 3 == 0 { #expect(try net.command([4, 0, 2, 0]) == 0) }
      try net.driver.reset()
    }
  }

  @Test func `its state reads back, and none that could not be`() throws {
    let net = try NetBed(queues: 2)
    try net.start(Self.features.union(.netMultiqueue))
    #expect(try net.command([4, 0, 2, 0]) == 0)
    #expect(try net.command([2, 0, 9, 0]) == 0)
    let state = net.device.state
    try net.driver.reset()
    #expect(net.device.state != state)
    try net.device.restore(state)
    #expect(net.device.state == state)
    let one = try NetBed()
    #expect(throws: InvalidState.self) { try one.device.restore(state) }
  }

  @Test func `what a driver had set holds where it goes on after a restore, and no longer`() throws {
    let old = try NetBed(queues: 2)
    let features = Self.features.union(.netMultiqueue)
    try old.start(features)
    #expect(try old.command([4, 0, 2, 0]) == 0)
    #expect(try old.command([1, 1, 2, 0, 0, 0, 0, 0x77]) == 0)
    try old.driver.core.pause()
    let (state, transport) = (old.device.state, old.driver.function.state)

    let new = try NetBed(queues: 2)
    try new.device.restore(state)
    try new.driver.function.restore(transport)
    try new.driver.core.pause()
    #expect(new.device.state == state)
    #expect(new.configuration(0, 6) == 0x7700_0000_0002)
    try new.driver.reset()
    #expect(new.configuration(0, 6) == 0xAA00_0000_0002)
    try new.start(features)
    #expect(new.configuration(0, 6) == 0xAA00_0000_0002)
  }
}
