internal import CLinux
internal import Devices
internal import SystemPackage

/// gdb's end of a connection: bytes in and out, packets between. Holds at most what one read brought and what one
/// reply takes, whatever comes.
final class GDBClient {
  enum Input: Hashable {
    case packet([UInt8])
    case interrupt
  }

  private let socket: OwnedDescriptor
  private let loop: EventLoop
  private var watch: EventLoop.Watch?
  private var framing = GDBFraming()
  private var unread: ArraySlice<UInt8> = []
  private var unsent: ArraySlice<UInt8> = []
  /// Should gdb want it again.
  private var lastPacket: [UInt8] = []
  var acknowledges = true

  /// - Parameter onReady: called when `receive` may have something; also when the other side is gone.
  init(_ socket: consuming OwnedDescriptor, on loop: EventLoop, onReady: @escaping () -> Void) throws(Errno) {
    self.socket = socket
    self.loop = loop
    watch = try loop.watch(self.socket.number) { onReady() }
  }

  func close() {
    if let watch { loop.cancel(watch) }
    watch = nil
  }

  func send(packet payload: [UInt8]) {
    lastPacket = GDBFraming.packet(payload)
    unsent += lastPacket
  }

  /// What came next; nil when nothing waits.
  ///
  /// While a reply is not taken nothing more is read: who does not listen is not talked to.
  /// - Throws: when the other side is gone.
  func receive() throws(Errno) -> Input? {
    while true {
      try flush()
      guard unsent.isEmpty else { return nil }
      if unread.isEmpty { try read() }
      guard let byte = unread.popFirst() else { return nil }
      switch framing.take(byte) {
      case .packet(let payload):
        if acknowledges { unsent.append(UInt8(ascii: "+")) }
        return .packet(payload)
      case .interrupt: return .interrupt
      case .malformed: if acknowledges { unsent.append(UInt8(ascii: "-")) }
      case .refused: if acknowledges { unsent += lastPacket }
      case .acknowledged, nil: break
      }
    }
  }

  /// Sends what can be sent.
  func flush() throws(Errno) {
    defer { listen() }
    while !unsent.isEmpty {
      let bytes = Array(unsent)
      // The array is as long as told.
      let count = unsafe CLinux.send(
        socket.number, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      if count < 0 {
        let error = Errno(rawValue: clinux_errno())
        if error == .wouldBlock { return }
        if error != .interrupted { throw error }
      } else {
        unsent = unsent.dropFirst(count)
      }
    }
  }

  private func listen() {
    // Fails only for a descriptor that is not watched.
    if let watch { try? loop.change(watch, to: unsent.isEmpty ? .read : .write) }
  }

  private func read() throws(Errno) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // The array is as long as told.
    let count = unsafe recv(socket.number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if count < 0 {
      let error = Errno(rawValue: clinux_errno())
      guard error == .wouldBlock || error == .interrupted else { throw error }
    } else if count == 0 {
      throw .connectionReset
    } else {
      unread = buffer[..<count]
    }
  }
}
