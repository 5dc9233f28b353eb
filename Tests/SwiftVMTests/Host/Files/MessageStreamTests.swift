import CHost
import CLinux
import Devices
import Glibc
import Testing

@testable import swiftvm

/// Messages for somebody who does not read, or not at once.
@Suite struct MessageStreamTests {
  /// Both ends of what messages go through.
  private final class Ends {
    let reader: OwnedDescriptor
    let writer: OwnedDescriptor

    init(isSocket: Bool) throws {
      var ends: [Int32] = [-1, -1]
      // Both calls fill two entries.
      let result = unsafe isSocket ? chost_stream_pair(&ends) : pipe(&ends)
      try #require(result == 0)
      // As much as on any host, whatever its defaults.
      var size: Int32 = 1 << 16
      // The call only reads the variable.
      if isSocket {
        _ = unsafe setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
      }
      reader = OwnedDescriptor(takingOver: ends[0])
      writer = OwnedDescriptor(takingOver: ends[1])
    }

    var flags: Int32 { fcntl(writer.number, F_GETFL) }

    /// What is there now.
    func read() -> String {
      _ = fcntl(reader.number, F_SETFL, O_NONBLOCK)
      var text = ""
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        // The buffer is as long as told.
        let count = unsafe CLinux.read(reader.number, &buffer, buffer.count)
        guard count > 0 else { return text }
        text += String(decoding: buffer[..<count], as: UTF8.self)
      }
    }
  }

  @Test(arguments: [false, true])
  func `messages are whole lines, and a raw terminal's have carriage returns`(isSocket: Bool) throws {
    let ends = try Ends(isSocket: isSocket)
    let stream = MessageStream(ends.writer.number)
    stream.line("one\ntwo")
    stream.line("three", isRaw: true)
    #expect(ends.read() == "one\ntwo\nthree\r\n")
  }

  @Test(arguments: [false, true])
  func `nobody who reads holds nothing up, and is told what he missed`(isSocket: Bool) throws {
    let ends = try Ends(isSocket: isSocket)
    let flags = ends.flags
    let stream = MessageStream(ends.writer.number)
    let count = 2000
    for number in 0..<count { stream.line("\(number) " + String(repeating: "x", count: 1000)) }
    var lines = ends.read().split(separator: "\n")
    stream.line("the last")
    lines += ends.read().split(separator: "\n")
    #expect(lines.last == "the last")
    let whole = lines.prefix { $0.count > 1000 }.count
    #expect(whole < count)
    #expect(lines.suffix(2).first == "warning: messages dropped here, which nobody read: \(count - whole)")
    for (number, line) in lines.prefix(whole).enumerated() { #expect(line.hasPrefix("\(number) ")) }
    stream.line("and on")
    #expect(ends.read() == "and on\n")
    // The description is others' too.
    #expect(ends.flags == flags)
  }

  @Test func `a message longer than a pipe takes at once is not held back`() throws {
    let ends = try Ends(isSocket: false)
    let text = String(repeating: "y", count: 20_000)
    MessageStream(ends.writer.number).line(text)
    #expect(ends.read() == text + "\n")
  }
}
