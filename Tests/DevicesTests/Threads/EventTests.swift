import CLinux
import Devices
import SystemPackage
import Testing

@Suite("Event descriptors, timers and requests")
struct EventTests {
  @Test func `an event counts its signals and is empty once taken`() throws {
    let event = try EventDescriptor()
    #expect(event.take() == 0)
    event.signal()
    event.signal()
    #expect(event.take() == 2)
    #expect(event.take() == 0)
  }

  @Test func `a pulse of an interrupt line is one count`() throws {
    let line = try InterruptLine()
    line.pulse()
    #expect(line.event.take() == 1)
  }

  @Test func `the first power request stands and is signalled once`() throws {
    let power = try PowerControl()
    #expect(power.pending == nil)
    power.ask(for: .reset)
    power.ask(for: .powerOff)
    #expect(power.pending == .reset)
    #expect(power.event.take() == 1)
  }

  @Test func `an owned descriptor is closed with its owner, a released one is not`() throws {
    /// The reading and the writing end of a pipe.
    func pipeEnds() -> (Int32, Int32) {
      var ends: [Int32] = [-1, -1]
      // The array has the two elements that pipe(2) writes.
      _ = unsafe pipe(&ends)
      return (ends[0], ends[1])
    }
    func isHungUp(_ reader: Int32) -> Bool {
      var poll = pollfd(fd: reader, events: 0, revents: 0)
      // One structure is passed, and its count.
      _ = unsafe CLinux.poll(&poll, 1, 0)
      return poll.revents & Int16(POLLHUP) != 0
    }
    let (reader, writer) = pipeEnds()
    do {
      let owned = OwnedDescriptor(takingOver: writer)
      #expect(!isHungUp(reader))
      #expect(owned.number == writer)
    }
    #expect(isHungUp(reader))
    close(reader)

    let (otherReader, otherWriter) = pipeEnds()
    let released = OwnedDescriptor(takingOver: otherWriter).release()
    #expect(!isHungUp(otherReader))
    close(released)
    #expect(isHungUp(otherReader))
    close(otherReader)
  }

  @Test func `a call that failed becomes its errno`() {
    #expect(throws: Errno.badFileDescriptor) { _ = try OwnedDescriptor(result: -EBADF) }
  }

  @Test func `the host's clocks agree with the kernel's`() {
    let clock = HostClock()
    let before = clock.monotonicNanoseconds
    #expect(clock.monotonicNanoseconds >= before)
    // Later than 2024-01-01, earlier than 2100-01-01.
    #expect((1_704_067_200...4_102_444_800).contains(clock.unixSeconds))
    #expect(clock.unixNanoseconds / 1_000_000_000 - clock.unixSeconds <= 1)
  }
}

@Suite("Event loop")
struct EventLoopTests {
  @Test func `a signalled descriptor's handler runs, others do not`() throws {
    let loop = try EventLoop()
    let first = try InterruptLine()
    let second = try InterruptLine()
    var calls: [Int] = []
    _ = try loop.watch(first.event.number) {
      first.event.take()
      calls.append(1)
    }
    _ = try loop.watch(second.event.number) {
      second.event.take()
      calls.append(2)
    }
    try loop.runOnce(timeout: 0)
    #expect(calls == [])
    second.pulse()
    try loop.runOnce(timeout: 1000)
    #expect(calls == [2])
    first.pulse()
    try loop.runOnce(timeout: 1000)
    try loop.runOnce(timeout: 0)
    #expect(calls == [2, 1])
  }

  @Test func `readiness lasts until it is taken`() throws {
    let loop = try EventLoop()
    let line = try InterruptLine()
    var calls = 0
    _ = try loop.watch(line.event.number) { calls += 1 }
    line.pulse()
    try loop.runOnce(timeout: 1000)
    try loop.runOnce(timeout: 1000)
    #expect(calls == 2)
  }

  @Test func `a cancelled watch is silent, even when cancelled by a handler of the same round`() throws {
    let loop = try EventLoop()
    let first = try InterruptLine()
    let second = try InterruptLine()
    var calls = 0
    var watches: [EventLoop.Watch] = []
    for line in [first, second] {
      watches.append(
        try loop.watch(line.event.number) {
          calls += 1
          for watch in watches { loop.cancel(watch) }
        })
    }
    first.pulse()
    second.pulse()
    try loop.runOnce(timeout: 1000)
    try loop.runOnce(timeout: 0)
    #expect(calls == 1)
  }

  @Test func `a watch can be put to rest and woken`() throws {
    let loop = try EventLoop()
    let line = try InterruptLine()
    var calls = 0
    let watch = try loop.watch(line.event.number, for: []) { calls += 1 }
    line.pulse()
    try loop.runOnce(timeout: 0)
    #expect(calls == 0)
    try loop.change(watch, to: .read)
    try loop.runOnce(timeout: 1000)
    #expect(calls == 1)
  }

  @Test func `what epoll refuses is thrown`() throws {
    let loop = try EventLoop()
    #expect(throws: Errno.badFileDescriptor) { _ = try loop.watch(-1) {} }
    let line = try InterruptLine()
    let watch = try loop.watch(line.event.number) {}
    #expect(throws: Errno.fileExists) { _ = try loop.watch(line.event.number) {} }
    loop.cancel(watch)
    #expect(throws: Errno.noSuchFileOrDirectory) { try loop.change(watch, to: .read) }
  }

  @Test func `a timer fires once, not before its time, and can be disarmed`() throws {
    let loop = try EventLoop()
    let timer = try Timer()
    let number = timer.number
    var fired = 0
    _ = try loop.watch(number) { fired += 1 }
    let clock = HostClock()
    let start = clock.monotonicNanoseconds
    timer.arm(nanoseconds: 5_000_000)
    try loop.runOnce(timeout: 5000)
    #expect(fired == 1)
    #expect(clock.monotonicNanoseconds - start >= 5_000_000)
    let expiries = [timer.take(), timer.take()]
    #expect(expiries == [true, false])
    timer.arm(nanoseconds: 1_000_000)
    timer.arm(nanoseconds: 0)
    try loop.runOnce(timeout: 20)
    #expect(fired == 1)
  }
}
