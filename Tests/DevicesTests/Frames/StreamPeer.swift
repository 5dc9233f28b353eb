import CLinux
import SystemPackage
import TestSupport

@testable import Devices

/// The other end of a frame stream, as passt or another program is it.
final class StreamPeer {
  let stream: FrameStream
  private var socket: OwnedDescriptor?

  init() throws {
    let pair = try FrameStream.pair()
    stream = pair.stream
    socket = OwnedDescriptor(takingOver: pair.peer)
  }

  /// Sends bytes as they are.
  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = Array(rest)
      // The array is as long as told.
      let count = unsafe write(number, chunk, chunk.count)
      guard count > 0 else { throw Errno(rawValue: clinux_errno()) }
      rest = rest.dropFirst(count)
    }
  }

  func send(frame: [UInt8]) throws { try send(Self.framed(frame)) }

  static func framed(_ frame: [UInt8]) -> [UInt8] {
    prefix(UInt32(frame.count)) + frame
  }

  /// A length as it stands before a frame.
  static func prefix(_ length: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
  }

  /// The next frame, which is waited for.
  ///
  /// - Parameter meanwhile: called before every wait.
  func receive(_ meanwhile: () -> Void = {}) throws -> [UInt8] {
    let prefix = try receive(bytes: 4, meanwhile)
    return try receive(bytes: prefix.reduce(0) { $0 << 8 | Int($1) }, meanwhile)
  }

  private func receive(bytes count: Int, _ meanwhile: () -> Void) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      meanwhile()
      var chunk = [UInt8](repeating: 0, count: count - bytes.count)
      var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
      // One entry, as told; the limit only keeps a broken build from hanging. The array is as long as told.
      guard unsafe poll(&entry, 1, 60_000) > 0 else { throw WaitedTooLong() }
      let received = unsafe read(number, &chunk, chunk.count)
      guard received > 0 else { throw Errno(rawValue: clinux_errno()) }
      bytes += chunk[..<received]
    }
    return bytes
  }

  /// Whether our end was closed.
  var isHungUp: Bool { clinux_is_hung_up(number) != 0 }

  /// Makes the kernel keep as little as it can for us.
  func shrink() {
    var size: Int32 = 1
    for (end, option) in [(stream.readable, SO_SNDBUF), (number, SO_RCVBUF)] {
      // The option is an integer, as told.
      unsafe setsockopt(end, SOL_SOCKET, option, &size, socklen_t(MemoryLayout.size(ofValue: size)))
    }
  }

  func close() { socket = nil }

  private var number: Int32 {
    switch socket {
    case .some(let socket): socket.number
    case nil: -1
    }
  }
}
