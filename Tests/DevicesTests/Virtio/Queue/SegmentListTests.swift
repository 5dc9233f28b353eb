import TestSupport
import Testing

@testable import Devices

@Suite struct SegmentListTests {
  /// A chain of 10, 0, 1 and 7 readable and 5 and 9 writable bytes, popped.
  private func withChain(_ body: (borrowing SegmentList, GuestArena, [DriverBuffer]) throws -> Void) throws {
    let arena = try GuestArena()
    let layout = try RingLayout(size: 16, in: arena)
    let driver = try DriverQueue(layout, in: arena.memory, usesEventIndex: false)
    var device = try VirtQueue(
      QueueConfiguration(layout), features: [.version1], memory: arena.memory)
    let readable = try arena.readable((0..<18).map { UInt8($0) })
    let writable = try arena.writable(14)
    let empty = DriverBuffer(address: readable.address, size: 0, isWritable: false)
    let buffers = readable.split(at: [10]) + [empty] + writable.split(at: [5])
    try driver.add([buffers[0], empty] + Array(buffers[1...]))
    try driver.publish()
    var segments = SegmentList(capacity: 16)
    let head = try device.pop(into: &segments)
    try #require(head != nil)
    try body(segments, arena, [readable, writable])
  }

  @Test func `sizes are told, and empty buffers are none`() throws {
    try withChain { segments, _, _ in
      #expect(segments.readableBytes == 18)
      #expect(segments.writableBytes == 14)
      #expect(segments.readableCount == 2)
      #expect(segments.writableCount == 2)
    }
  }

  @Test func `bytes are copied out from any offset, as far as there are some`() throws {
    try withChain { segments, _, _ in
      for offset in 0...20 {
        for count in 0...20 {
          var bytes = [UInt8](repeating: 0xEE, count: count)
          // The array is as long as the buffer says.
          let copied = unsafe bytes.withUnsafeMutableBytes {
            unsafe segments.copyOut(from: UInt64(offset), into: $0)
          }
          #expect(copied == max(0, min(count, 18 - offset)))
          #expect(bytes == (0..<count).map { $0 < copied ? UInt8(offset + $0) : 0xEE })
        }
      }
    }
  }

  @Test func `bytes are copied in at any offset, as far as there is room`() throws {
    try withChain { segments, arena, buffers in
      for offset in 0...16 {
        for count in 0...16 {
          try arena.memory.write(bytes: Array(repeating: 0, count: 14), at: GuestAddress(buffers[1].address))
          let bytes = (0..<count).map { UInt8(100 + $0) }
          // The array is as long as the buffer says.
          let copied = unsafe bytes.withUnsafeBytes { unsafe segments.copyIn($0, at: UInt64(offset)) }
          #expect(copied == max(0, min(count, 14 - offset)))
          let expected = (0..<14).map { index in
            (offset..<offset + copied).contains(index) ? UInt8(100 + index - offset) : 0
          }
          #expect(try arena.bytes(of: buffers[1]) == expected)
          #expect(try arena.bytes(of: buffers[0]) == (0..<18).map { UInt8($0) })
        }
      }
    }
  }

  @Test func `a reader gets buffer by buffer until it takes less`() throws {
    try withChain { segments, _, _ in
      for offset in UInt64(0)...18 {
        for limit in 0...18 {
          var got: [UInt8] = []
          let taken = unsafe segments.forEachReadable(from: offset) { bytes in
            let count = min(bytes.count, limit - got.count)
            // count is at most the buffer's.
            unsafe got.append(contentsOf: bytes[..<count])
            return count
          }
          #expect(taken == UInt64(got.count))
          #expect(got == (Int(offset)..<min(18, Int(offset) + limit)).map { UInt8($0) })
        }
      }
    }
  }
}
