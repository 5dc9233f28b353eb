import CLinux
import SystemPackage
import Testing

@testable import Devices

@Suite("a stream of frames")
struct FrameStreamTests {
  private let peer: StreamPeer
  private var stream: FrameStream { peer.stream }

  init() throws {
    peer = try StreamPeer()
  }

  /// Reads into buffers of `sizes` bytes.
  private func read(_ sizes: [Int] = [1 << 17]) -> (result: Int, bytes: [UInt8]) {
    var bytes = [UInt8](repeating: 0xEE, count: sizes.reduce(0, +))
    let result = unsafe bytes.withUnsafeMutableBytes { bytes in
      var start = 0
      // Every piece lies within the array.
      var vectors = unsafe sizes.map { size in
        defer { start += size }
        return unsafe iovec(iov_base: bytes.baseAddress.map { unsafe $0 + start }, iov_len: size)
      }
      return unsafe stream.read(into: &vectors, count: sizes.count)
    }
    return (result, Array(bytes.prefix(max(result, 0))))
  }

  /// Writes a frame that lies in pieces.
  private func write(_ frame: [UInt8], cuts: [Int] = []) {
    var bytes = [UInt8](repeating: 0xEE, count: NetHeader.size) + frame
    unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      let ends = cuts.map { $0 + NetHeader.size } + [bytes.count]
      // Every piece lies within the array.
      var vectors = unsafe [iovec(iov_base: bytes.baseAddress, iov_len: NetHeader.size)]
      var start = NetHeader.size
      for end in ends {
        unsafe vectors.append(
          iovec(iov_base: bytes.baseAddress.map { unsafe $0 + start }, iov_len: end - start))
        start = end
      }
      unsafe stream.write(&vectors, count: vectors.count)
    }
  }

  private func frame(_ size: Int, seed: Int = 0) -> [UInt8] { Frame.make(size: size, seed: seed) }
  private let header = [UInt8](repeating: 0, count: NetHeader.size)

  // MARK: Reading

  @Test(arguments: [14, 15, 60, 1514, 9014, 65_553])
  func `a frame of any length is read behind an empty header`(size: Int) throws {
    try peer.send(frame: frame(size))
    let read = read()
    #expect(read.result == NetHeader.size + size)
    #expect(read.bytes == header + frame(size))
    #expect(self.read().result == -Int(EAGAIN))
  }

  @Test(arguments: [[12], [1, 11, 7, 9], [5, 100, 3], [1]])
  func `buffers of any framing are filled, and what does not fit is cut`(sizes: [Int]) throws {
    try peer.send(frame: frame(100))
    try peer.send(frame: frame(60, seed: 1))
    let read = read(sizes)
    #expect(read.result == NetHeader.size + 100)
    #expect(read.bytes == Array((header + frame(100)).prefix(sizes.reduce(0, +))))
    #expect(self.read().bytes == header + frame(60, seed: 1))
  }

  @Test func `a frame that comes in pieces is read when it is whole`() throws {
    for byte in StreamPeer.framed(frame(60)).dropLast() {
      try peer.send([byte])
      #expect(read().result == -Int(EAGAIN))
    }
    try peer.send(StreamPeer.framed(frame(60)).suffix(1) + StreamPeer.framed(frame(70, seed: 1)))
    #expect(read().bytes == header + frame(60))
    #expect(read().bytes == header + frame(70, seed: 1))
  }

  @Test func `frames follow each other through the whole buffer and again`() throws {
    var random = SystemRandomNumberGenerator()
    for seed in 0..<300 {
      let size = Int.random(in: 14...9014, using: &random)
      // Cut anywhere, so that frames lie across the buffer's end in every way.
      let bytes = StreamPeer.framed(frame(size, seed: seed)) + StreamPeer.framed(frame(100, seed: seed))
      let cut = Int.random(in: 0..<bytes.count, using: &random)
      try peer.send(Array(bytes[..<cut]))
      var frames: [[UInt8]] = []
      while case let read = read(), read.result > 0 { frames.append(read.bytes) }
      try peer.send(Array(bytes[cut...]))
      while case let read = read(), read.result > 0 { frames.append(read.bytes) }
      #expect(frames == [header + frame(size, seed: seed), header + frame(100, seed: seed)])
    }
  }

  @Test(arguments: [0, 1, 13, 65_554, 1 << 24, 0x4745_5420, UInt32.max])
  func `a length that no frame has ends the connection, and what came before is kept`(length: UInt32) throws {
    try peer.send(frame: frame(60))
    try peer.send(StreamPeer.prefix(length) + frame(1000))
    #expect(read().bytes == header + frame(60))
    #expect(stream.ending == nil)
    for _ in 0..<3 { #expect(read().result == -Int(EPROTO)) }
    #expect(stream.ending == .badLength(length))
    #expect(peer.isHungUp)
    #expect(stream.ended.take() == 1)
  }

  @Test func `the peer's end is heard of, after all that it sent`() throws {
    try peer.send(frame: frame(60))
    try peer.send([0, 0])
    peer.close()
    #expect(read().result == NetHeader.size + 60)
    #expect(read().result == -Int(ENOTCONN))
    #expect(stream.ending == .closed)
  }

  @Test func `frames that wait are thrown away, and one that was begun is not`() throws {
    for seed in 0..<10 { try peer.send(frame: frame(1000, seed: seed)) }
    let begun = StreamPeer.framed(frame(500, seed: 20))
    try peer.send(Array(begun[..<100]))
    stream.drain()
    try peer.send(Array(begun[100...]))
    #expect(read().bytes == header + frame(500, seed: 20))
  }

  // MARK: Writing

  @Test(arguments: [(14, [Int]()), (60, [1, 14]), (1514, [14]), (65_553, [1, 2, 1000, 60_000])])
  func `a frame of any length and framing is sent behind its length`(size: Int, cuts: [Int]) throws {
    write(frame(size), cuts: cuts)
    #expect(stream.flush())
    #expect(try peer.receive() == frame(size))
  }

  @Test(arguments: [0, 13, 65_554]) func `what is no frame is not sent`(size: Int) throws {
    write(Array(repeating: 7, count: size))
    write(frame(60))
    #expect(stream.flush())
    #expect(try peer.receive() == frame(60))
  }

  @Test func `a frame that the peer took in part is ended before the next`() throws {
    peer.shrink()
    var sent: [[UInt8]] = []
    var received: [[UInt8]] = []
    let flush = { [stream] in _ = stream.flush() }
    for round in 0..<40 {
      // As long as there is room: nothing is lost, and something is kept back.
      while stream.hasRoom {
        sent.append(frame(20_000 + sent.count, seed: sent.count))
        write(sent[sent.count - 1])
        if stream.flush() { break }
      }
      if round % 4 == 3 { received.append(try peer.receive(flush)) }
    }
    #expect(sent.count > 8)
    while received.count < sent.count { received.append(try peer.receive(flush)) }
    #expect(received == sent)
    #expect(stream.flush())
  }

  @Test func `a peer that takes nothing is waited for, and no more is kept than there is room for`() throws {
    var count = 0
    while stream.hasRoom || stream.flush() {
      write(frame(60_000, seed: count))
      count += 1
      try #require(count < 100)
    }
    // It has no effect.
    write(frame(60, seed: 99))
    for seed in 0..<count {
      #expect(try peer.receive { _ = stream.flush() } == frame(60_000, seed: seed))
    }
    #expect(stream.flush() && stream.ending == nil)
  }

  @Test func `sending to a peer that ended ends the connection, and goes on without effect`() {
    peer.close()
    for _ in 0..<3 {
      write(frame(60))
      #expect(stream.flush())
    }
    #expect(stream.ending == .closed)
  }
}
