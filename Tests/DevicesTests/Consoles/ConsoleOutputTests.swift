import CHost
import CLinux
import Glibc
import TestSupport
import Testing

@testable import Devices

@Suite struct ConsoleOutputTests {
  /// A port that waits for room.
  private final class Port: ConsolePort {
    let receiveRoom: SharedEvent
    let room: SharedEvent

    init() throws {
      receiveRoom = try SharedEvent()
      room = try SharedEvent()
    }

    func receive(_ bytes: borrowing Span<UInt8>) -> Int { 0 }
    func transmitterReady() { room.event.signal() }
  }

  /// Output to one end of a stream, whose other end is the test's.
  private final class Bench {
    private let output: ConsoleOutput
    private let port: Port
    private let reader: OwnedDescriptor

    init(_ kind: ConsoleOutput.Reader) throws {
      var ends: [Int32] = [-1, -1]
      // The call fills two entries.
      let result = unsafe chost_stream_pair(&ends)
      try #require(result == 0)
      // As much as on any host, whatever its defaults.
      var size: Int32 = 1 << 16
      // The call only reads the variable.
      _ = unsafe setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
      reader = OwnedDescriptor(takingOver: ends[0])
      output = try ConsoleOutput(
        target: ConsoleOutput.Target(OwnedDescriptor(takingOver: ends[1]), for: kind))
      port = try Port()
      output.attach(port)
    }

    deinit {
      output.attach(nil)
      output.finish(milliseconds: 0)
    }

    /// Sends as much of `bytes` as finds room at once.
    func offer(_ bytes: ArraySlice<UInt8>) -> Int {
      // The slice outlives the call.
      unsafe bytes.withUnsafeBytes { unsafe output.accept($0) }
    }

    /// Sends all of `bytes`, as a guest does.
    func send(_ bytes: [UInt8]) throws {
      var rest = bytes[...]
      while true {
        rest = rest.dropFirst(offer(rest))
        if rest.isEmpty { return }
        try port.room.event.wait()
        port.room.event.take()
      }
    }

    /// Receives until there are `count` bytes, or what came satisfies `isEnough`.
    func receive(_ count: Int = Int.max, until isEnough: ([UInt8]) -> Bool = { _ in false }) -> [UInt8] {
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while bytes.count < count, !isEnough(bytes) {
        // The buffer is as long as told.
        let taken = unsafe read(reader.number, &buffer, min(buffer.count, count - bytes.count))
        guard taken > 0 else { break }
        bytes += buffer[..<taken]
      }
      return bytes
    }
  }

  /// No byte is one of ASCII's.
  private let said = (0..<1_000_000).map { 128 | UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }

  @Test func `a bystander who does not read is told how much he missed, and gets the rest`() throws {
    let bench = try Bench(.socket)
    try bench.send(said)
    let end = Array("which nobody read]\r\n".utf8)
    var got = bench.receive { $0.suffix(1 << 17).contains(end) }
    let text = try #require(got.firstIndex(of: UInt8(ascii: "\r")))
    let rest = try #require(got[text...].dropFirst(2).firstIndex(of: UInt8(ascii: "\n"))) + 1
    let notice = String(decoding: got[text..<rest], as: UTF8.self)
    let match = try #require(
      try /\r\n\[swiftvm: (\d+) bytes of output dropped here, which nobody read\]\r\n/.wholeMatch(in: notice))
    let dropped = try #require(Int(match.1))
    #expect(dropped > 0)
    // The latest output was kept for him.
    got += bench.receive(said.count - dropped - text - (got.count - rest))
    #expect(Array(got[..<text]) == Array(said[..<text]))
    #expect(Array(got[rest...]) == Array(said[(text + dropped)...]))
    // From here on he has all of it.
    try bench.send([1, 2, 3])
    #expect(bench.receive(3) == [1, 2, 3])
  }

  @Test func `an owner is waited for`() throws {
    let bench = try Bench(.owner)
    var sent = 0
    // Longer than a bystander is waited for.
    for _ in 0..<15 {
      sent += bench.offer(said[sent...])
      usleep(100_000)
    }
    #expect(sent < 1 << 19)
    #expect(bench.receive(sent) == Array(said[..<sent]))
  }
}
