import CLinux
import SystemPackage
import TestSupport
import Testing

@testable import Devices

/// A program at the other end of a stream of frames that sends anything, in any pieces.
@Suite struct FrameStreamFuzzTests {
  @Test func `frames come whole and in order, until a length that none has`() throws {
    let run = FuzzRun(seed: 9)
    try run.repeated(rounds: 40) { random, seed in
      let peer = try FuzzedPeer()
      var frames: [[UInt8]] = []
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...20, using: &random) {
        let longest = [60, 1514, 9014, 65_553].randomElement(using: &random) ?? 60
        let frame = FuzzedPeer.bytes(Int.random(in: 14...longest, using: &random), &random)
        frames.append(frame)
        bytes += FuzzedPeer.prefix(UInt32(frame.count)) + frame
      }
      // No frame is shorter than its header, or longer than a packet with a tag.
      let ending: UInt32? =
        Bool.random(using: &random)
        ? [UInt32.random(in: 0...13, using: &random), .random(in: 65_554...UInt32.max, using: &random)]
          .randomElement(using: &random) : nil
      if let ending {
        bytes +=
          FuzzedPeer.prefix(ending) + FuzzedPeer.bytes(Int.random(in: 0...9000, using: &random), &random)
      } else if Bool.random(using: &random) {
        // One that never ends.
        bytes += (FuzzedPeer.prefix(1514) + FuzzedPeer.bytes(1000, &random))
          .prefix(Int.random(in: 0...1004, using: &random))
      }

      var rest = bytes[...]
      var received = 0
      while received < frames.count || ending != nil {
        rest = try peer.send(rest, most: Int.random(in: 1...20_000, using: &random))
        let sizes = (0..<Int.random(in: 1...5, using: &random)).map { _ in
          Int.random(in: 0...4000, using: &random)
        }
        let (result, got) = peer.read(sizes)
        guard result != -Int(EAGAIN) else {
          #expect(!rest.isEmpty, "seed \(seed): \(received) of \(frames.count) frames")
          if rest.isEmpty { break }
          continue
        }
        guard received < frames.count else {
          #expect(result == -Int(EPROTO), "seed \(seed)")
          break
        }
        let frame = frames[received]
        #expect(result == NetHeader.size + frame.count, "seed \(seed)")
        let whole = [UInt8](repeating: 0, count: NetHeader.size) + frame
        #expect(got == Array(whole.prefix(sizes.reduce(0, +))), "seed \(seed): frame \(received)")
        received += 1
      }
      #expect(peer.stream.ending == ending.map { .badLength($0) }, "seed \(seed)")
    }
  }

  @Test func `what is sent to a peer that reads slowly arrives whole and in order`() throws {
    let run = FuzzRun(seed: 10)
    try run.repeated(rounds: 20) { random, seed in
      let peer = try FuzzedPeer()
      var expected: [UInt8] = []
      var received: [UInt8] = []
      for _ in 0..<60 {
        let frame = FuzzedPeer.bytes(Int.random(in: 0...20_000, using: &random), &random)
        let isTaken = peer.stream.hasRoom && frame.count >= 14
        peer.write(frame, pieces: Int.random(in: 1...6, using: &random))
        if isTaken { expected += FuzzedPeer.prefix(UInt32(frame.count)) + frame }
        if Bool.random(using: &random) { _ = peer.stream.flush() }
        if Bool.random(using: &random) {
          received += try peer.receive(Int.random(in: 1...30_000, using: &random))
        }
      }
      while !peer.stream.flush() { received += try peer.receive(1 << 16) }
      while received.count < expected.count {
        let more = try peer.receive(1 << 16)
        if more.isEmpty { break }
        received += more
      }
      #expect(received == expected, "seed \(seed)")
      #expect(peer.stream.ending == nil, "seed \(seed)")
    }
  }
}

/// The other end, which never waits.
private final class FuzzedPeer {
  let stream: FrameStream
  private let socket: OwnedDescriptor

  init() throws {
    let pair = try FrameStream.pair()
    stream = pair.stream
    socket = OwnedDescriptor(takingOver: pair.peer)
  }

  static func prefix(_ length: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
  }

  static func bytes(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
    let start = random.next()
    return (0..<count).map { UInt8(truncatingIfNeeded: (start &+ UInt64($0)) &* 0x9E37_79B1 >> 13) }
  }

  /// Sends the first bytes, as many as go.
  ///
  /// - Returns: what is left.
  func send(_ bytes: ArraySlice<UInt8>, most: Int) throws -> ArraySlice<UInt8> {
    let chunk = Array(bytes.prefix(most))
    guard !chunk.isEmpty else { return bytes }
    // The array is as long as told.
    let sent = unsafe clinux_send(socket.number, chunk, chunk.count)
    // It hangs up where it was told nonsense.
    if sent == -Int(EPIPE) { return [] }
    guard sent >= 0 || sent == -Int(EAGAIN) else { throw Errno(rawValue: Int32(-sent)) }
    return bytes.dropFirst(max(sent, 0))
  }

  func receive(_ most: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: most)
    // The array is as long as told.
    let count = unsafe clinux_receive(socket.number, &bytes, most)
    guard count >= 0 || count == -Int(EAGAIN) else { throw Errno(rawValue: Int32(-count)) }
    return Array(bytes.prefix(max(count, 0)))
  }

  /// Reads into buffers of `sizes` bytes.
  func read(_ sizes: [Int]) -> (result: Int, bytes: [UInt8]) {
    let room = sizes.reduce(0, +)
    var bytes = [UInt8](repeating: 0xEE, count: room + 1)
    let result = unsafe bytes.withUnsafeMutableBytes { bytes in
      var start = 0
      // Every piece lies within the array.
      var vectors = unsafe sizes.map { size in
        defer { start += size }
        return unsafe iovec(iov_base: bytes.baseAddress.map { unsafe $0 + start }, iov_len: size)
      }
      return unsafe stream.read(into: &vectors, count: sizes.count)
    }
    #expect(bytes[room] == 0xEE)
    return (result, Array(bytes.prefix(min(max(result, 0), room))))
  }

  /// Writes a frame that lies in pieces.
  func write(_ frame: [UInt8], pieces: Int) {
    var bytes = [UInt8](repeating: 0xEE, count: NetHeader.size) + frame
    unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      // Every piece lies within the array.
      var vectors = unsafe [iovec(iov_base: bytes.baseAddress, iov_len: NetHeader.size)]
      var start = NetHeader.size
      for piece in 1...pieces {
        let end = NetHeader.size + frame.count * piece / pieces
        unsafe vectors.append(
          iovec(iov_base: bytes.baseAddress.map { unsafe $0 + start }, iov_len: end - start))
        start = end
      }
      unsafe stream.write(&vectors, count: vectors.count)
    }
  }
}
