import Devices
import TestSupport
import Testing

/// 2024-02-29 23:59:50 UTC, a Thursday.
private let leapDayEvening: Int64 = 1_709_251_190

/// A clock with its surroundings, driven through the ports.
private struct Bench {
  let clock = ManualClock(unixSeconds: leapDayEvening)
  let interrupt: InterruptLine
  let device: RealTimeClock

  init(memory: CMOS.MemorySize = .init(below4GiB: 1 << 30)) throws {
    interrupt = try InterruptLine()
    device = try RealTimeClock(interrupt: interrupt, clock: clock, memory: memory)
  }

  subscript(_ register: UInt8) -> UInt8 {
    get {
      device.writeByte(register, at: 0)
      return device.readByte(at: 1)
    }
    nonmutating set {
      device.writeByte(register, at: 0)
      device.writeByte(newValue, at: 1)
    }
  }

  /// Second, minute, hour, weekday, day, month, year, century.
  var time: [UInt8] { [0, 2, 4, 6, 7, 8, 9, 0x32].map { self[$0] } }

  /// What a machine's event loop does: waits for the deadlines, for `seconds` in all.
  func run(seconds: UInt64) {
    var left = seconds * 1_000_000_000
    while let deadline = device.nextDeadline(), deadline <= left {
      clock.advance(nanoseconds: deadline)
      left -= deadline
      device.timerFired()
      if self.interrupt.takePulses() > 0 { handle() }
    }
    clock.advance(nanoseconds: left)
  }

  /// An interrupt handler.
  let flags = Recorder()
  func handle() { flags.values.append(self[0x0C]) }

  final class Recorder {
    var values: [UInt8] = []
  }
}

@Suite("Real-time clock: time")
struct RealTimeClockTimeTests {
  @Test func `after reset it shows the host's time, 24 hours, in BCD`() throws {
    let bench = try Bench()
    #expect(bench[0x0B] == 0x02)
    #expect(bench[0x0D] == 0x80)
    #expect(bench[0x0A] == 0x26)
    #expect(bench.time == [0x50, 0x59, 0x23, 0x05, 0x29, 0x02, 0x24, 0x20])
    bench.clock.advance(seconds: 10)
    #expect(bench.time == [0x00, 0x00, 0x00, 0x06, 0x01, 0x03, 0x24, 0x20])
  }

  @Test func `binary mode and 12 hours change how the time shows`() throws {
    let bench = try Bench()
    bench[0x0B] = 0x06
    #expect(bench.time == [50, 59, 23, 5, 29, 2, 24, 20])
    bench[0x0B] = 0x04
    #expect(bench[4] == 0x80 | 11)
    bench[0x0B] = 0x00
    #expect(bench[4] == 0x91)
    bench.clock.advance(seconds: 10)
    #expect(bench[4] == 0x12)
    bench.clock.advance(seconds: 12 * 3600)
    #expect(bench[4] == 0x92)
    bench.clock.advance(seconds: 3600)
    #expect(bench[4] == 0x81)
  }

  @Test func `the NMI bit of the index is ignored, the index port cannot be read`() throws {
    let bench = try Bench()
    #expect(bench[0x8D] == 0x80)
    #expect(bench.device.readByte(at: 0) == 0xFF)
  }

  @Test func `register D is read-only and register A's top bit stays 0`() throws {
    let bench = try Bench()
    bench[0x0D] = 0x00
    bench[0x0A] = 0xA6
    #expect(bench[0x0D] == 0x80)
    #expect(bench[0x0A] == 0x26)
  }

  @Test func `the time stands still for a moment after the update bit was read`() throws {
    let bench = try Bench()
    bench.clock.advance(nanoseconds: 999_999_000)
    #expect(bench[0x0A] & 0x80 == 0)
    bench.clock.advance(nanoseconds: 200_000)
    #expect(bench[0] == 0x50)
    bench.clock.advance(nanoseconds: 2_000_000)
    #expect(bench[0] == 0x51)
  }

  @Test func `Linux sets the time: hold, divider reset, registers, go`() throws {
    let bench = try Bench()
    let control = bench[0x0B]
    let frequency = bench[0x0A]
    bench[0x0B] = control | 0x80
    bench[0x0A] = frequency | 0x70
    // 2031-12-31 23:59:58
    for (register, value) in [(9, 0x31), (8, 0x12), (7, 0x31), (4, 0x23), (2, 0x59), (0, 0x58), (0x32, 0x20)]
      as [(UInt8, UInt8)]
    {
      bench[register] = value
    }
    bench.clock.advance(seconds: 3)
    #expect(bench[0] == 0x58)
    bench[0x0B] = control
    bench[0x0A] = frequency
    #expect(bench.time == [0x58, 0x59, 0x23, 0x04, 0x31, 0x12, 0x31, 0x20])
    // The first update is half a second after the divider is released.
    bench.clock.advance(nanoseconds: 499_999_999)
    #expect(bench[0] == 0x58)
    bench.clock.advance(nanoseconds: 1)
    #expect(bench[0] == 0x59)
    bench.clock.advance(seconds: 1)
    #expect(bench.time == [0x00, 0x00, 0x00, 0x05, 0x01, 0x01, 0x32, 0x20])
  }

  @Test func `the time is kept while held, and set by what the registers hold then`() throws {
    let bench = try Bench()
    bench[0x0B] = 0x82
    bench.clock.advance(seconds: 100)
    #expect(bench.time[0...2] == [0x50, 0x59, 0x23])
    bench[0x0B] = 0x02
    #expect(bench.time[0...2] == [0x50, 0x59, 0x23])
    bench.clock.advance(seconds: 1)
    #expect(bench.time[0...2] == [0x51, 0x59, 0x23])
  }

  @Test func `a single register written while the clock runs moves the time`() throws {
    let bench = try Bench()
    bench[4] = 0x07
    #expect(bench.time == [0x50, 0x59, 0x07, 0x05, 0x29, 0x02, 0x24, 0x20])
    bench.clock.advance(seconds: 10)
    #expect(bench[4] == 0x08)
  }

  @Test func `nonsense in the time registers becomes some valid time`() throws {
    let bench = try Bench()
    bench[0x0B] = 0x82
    for register in [0, 2, 4, 7, 8, 9, 0x32] as [UInt8] { bench[register] = 0xFF }
    #expect(bench[2] == 0xFF)
    bench[0x0B] = 0x02
    #expect(bench.time == [0x59, 0x59, 0x00, 0x06, 0x31, 0x12, 0x99, 0x99])
  }

  @Test func `battery-backed memory tells the machine's RAM`() throws {
    let small = try Bench(memory: .init(below4GiB: 8 << 20))
    #expect(
      [0x15, 0x16, 0x17, 0x18, 0x30, 0x31, 0x34, 0x35].map { small[$0] }
        == [0x80, 0x02, 0x00, 0x1C, 0x00, 0x1C, 0, 0])
    let large = try Bench(memory: .init(below4GiB: 3 << 30, above4GiB: 5 << 30))
    #expect(
      [0x17, 0x18, 0x34, 0x35, 0x5B, 0x5C, 0x5D].map { large[$0] }
        == [0xFF, 0xFF, 0x00, 0xBF, 0x00, 0x40, 0x01])
    let sum = (0x10...0x2D).reduce(0) { $0 + Int(large[$1]) }
    #expect(Int(large[0x2E]) * 256 + Int(large[0x2F]) == sum)
  }

  @Test func `memory past the registers keeps what is written`() throws {
    let bench = try Bench()
    for index in UInt8(0x0E)...0x7F where index != 0x32 {
      bench[index] = ~index
      #expect(bench[index] == ~index)
    }
  }
}

@Suite("Real-time clock: alarm and update interrupt")
struct RealTimeClockAlarmTests {
  @Test func `nothing enabled wants no timer`() throws {
    let bench = try Bench()
    #expect(bench.device.nextDeadline() == nil)
    #expect(bench.device.deadlineChanged.take() == 0)
  }

  @Test func `Linux sets an alarm: it fires at its second, once, as AF`() throws {
    let bench = try Bench()
    bench.clock.advance(nanoseconds: 250_000_000)
    bench[5] = 0x00
    bench[3] = 0x00
    bench[1] = 0x05
    #expect(bench.device.deadlineChanged.take() == 0)
    bench[0x0B] = 0x22
    #expect(bench[0x0C] & 0x80 == 0)
    #expect(bench.device.deadlineChanged.take() > 0)
    #expect(bench.device.nextDeadline() == 14_750_000_000)
    bench.clock.advance(nanoseconds: 14_749_999_999)
    bench.device.timerFired()
    #expect(bench.interrupt.takePulses() == 0)
    #expect(bench.device.nextDeadline() == 1)
    bench.clock.advance(nanoseconds: 1)
    bench.device.timerFired()
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench.device.nextDeadline() == nil)
    bench.device.timerFired()
    #expect(bench.interrupt.takePulses() == 0)
    #expect(bench[0x0C] == 0xB0)
    #expect(bench[0x0C] == 0x00)
    #expect(bench.device.deadlineChanged.take() > 0)
    #expect(bench.device.nextDeadline() == 86_400_000_000_000)
  }

  @Test func `the update-ended interrupt comes once a second while it is read`() throws {
    let bench = try Bench()
    bench[0x0B] = 0x12
    bench.run(seconds: 5)
    #expect(bench.flags.values == [0x90, 0x90, 0x90, 0x90, 0x90])
    bench[0x0B] = 0x02
    #expect(bench.device.nextDeadline() == nil)
  }

  @Test func `an interrupt that is not read is not repeated`() throws {
    let bench = try Bench()
    bench[0x0B] = 0x12
    bench.clock.advance(seconds: 1)
    bench.device.timerFired()
    bench.clock.advance(seconds: 1)
    bench.device.timerFired()
    #expect(bench.interrupt.takePulses() == 1)
  }

  @Test func `wildcards repeat the alarm each minute, each hour`() throws {
    let bench = try Bench()
    bench[5] = 0xFF
    bench[3] = 0xC0
    bench[1] = 0x30
    bench[0x0B] = 0x22
    bench.run(seconds: 180)
    #expect(bench.flags.values.count == 3)
    bench[3] = 0x15
    bench.flags.values = []
    bench.run(seconds: 3 * 3600)
    #expect(bench.flags.values.count == 3)
  }

  @Test func `flags can be polled without any interrupt`() throws {
    let bench = try Bench()
    bench[5] = 0xFF
    bench[3] = 0xFF
    bench[1] = 0x00
    #expect(bench[0x0C] == 0)
    bench.clock.advance(seconds: 1)
    #expect(bench[0x0C] == 0x10)
    bench.clock.advance(seconds: 9)
    #expect(bench[0x0C] == 0x30)
    #expect(bench.interrupt.takePulses() == 0)
  }

  @Test func `enabling an interrupt whose flag is up raises it at once`() throws {
    let bench = try Bench()
    bench.clock.advance(seconds: 1)
    bench[0x0B] = 0x12
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench[0x0C] == 0x90)
  }

  @Test func `holding the clock ends the update-ended interrupt`() throws {
    let bench = try Bench()
    bench[0x0B] = 0x92
    #expect(bench[0x0B] == 0x82)
    #expect(bench.device.nextDeadline() == nil)
  }

  @Test func `an alarm at no time of day never fires`() throws {
    let bench = try Bench()
    bench[5] = 0x24
    bench[3] = 0x00
    bench[1] = 0x00
    bench[0x0B] = 0x22
    #expect(bench.device.nextDeadline() == nil)
  }

  @Test func `an alarm that the host's clock skips still fires, one that it goes back over waits`() throws {
    let bench = try Bench()
    bench[5] = 0x00
    bench[3] = 0x00
    bench[1] = 0x00
    bench[0x0B] = 0x22
    bench.clock.set(unixSeconds: leapDayEvening - 100)
    bench.device.timerFired()
    #expect(bench.interrupt.takePulses() == 0)
    #expect(bench.device.nextDeadline() == 110_000_000_000)
    bench.clock.set(unixSeconds: leapDayEvening + 1000)
    bench.device.timerFired()
    #expect(bench.interrupt.takePulses() == 1)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `the next alarm is the one that counting seconds finds`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var chip = CMOS(memory: .init(below4GiB: 1 << 30), now: 0)
    let isBinary = Bool.random(using: &random)
    let is24Hours = Bool.random(using: &random)
    chip.select(0x0B)
    chip.write((isBinary ? 4 : 0) | (is24Hours ? 2 : 0), now: 0)
    for register in [1, 3, 5] as [UInt8] {
      chip.select(register)
      let value = UInt8.random(in: 0...0x23, using: &random) | (Bool.random(using: &random) ? 0xC0 : 0)
      chip.write(value, now: 0)
    }

    /// Whether the alarm registers match a second's time registers, byte for byte.
    func matches(_ second: Int64) -> Bool {
      let now = second * 1_000_000_000
      func byte(_ register: UInt8) -> UInt8 {
        chip.select(register)
        return chip.read(now: now)
      }
      return [0, 2, 4].allSatisfy { byte($0 + 1) >= 0xC0 || byte($0 + 1) == byte($0) }
    }
    let start = Int64.random(in: 0..<172_800, using: &random)
    let counted = (start + 1...start + 86_400).first(where: matches)
    #expect(chip.nextAlarm(after: start) == counted)
  }
}

@Suite("Real-time clock: state")
struct RealTimeClockStateTests {
  @Test func `a restored clock keeps the guest's time, memory and alarm`() throws {
    let saved = try Bench()
    saved[4] = 0x07
    saved[0x50] = 0x77
    saved[5] = 0xFF
    saved[3] = 0xFF
    saved[1] = 0xFF
    saved[0x0B] = 0x22
    let bench = try Bench()
    bench.clock.advance(seconds: 2)
    try bench.device.restore(saved.device.state)
    #expect(bench.device.deadlineChanged.take() == 1)
    #expect(bench.device.nextDeadline() == 1)
    #expect(bench.time[0...2] == [0x52, 0x59, 0x07])
    #expect(bench[0x50] == 0x77)
    bench.device.timerFired()
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench[0x0C] == 0xB0)
  }

  @Test func `a restored clock whose interrupt stands raises it`() throws {
    let saved = try Bench()
    saved[0x0B] = 0x12
    saved.clock.advance(seconds: 1)
    saved.device.timerFired()
    let bench = try Bench()
    try bench.device.restore(saved.device.state)
    #expect(bench.interrupt.takePulses() == 1)
  }

  @Test func `a state out of range is refused, by the field's name`() throws {
    let bench = try Bench()
    let good = bench.device.state
    func refusal(_ change: (inout CMOS.State) -> Void) -> String? {
      var state = good
      change(&state)
      do throws(InvalidState) {
        try bench.device.restore(state)
        return nil
      } catch {
        return error.field
      }
    }
    #expect(refusal { _ in } == nil)
    #expect(refusal { $0.bytes.removeLast() } == "bytes")
    #expect(refusal { $0.bytes[0x0A] = 0x80 } == "bytes")
    #expect(refusal { $0.bytes[0x0C] = 0x40 } == "bytes")
    #expect(refusal { $0.index = 128 } == "index")
    #expect(refusal { $0.offsetSeconds = .max } == "offsetSeconds")
    #expect(refusal { $0.offsetNanoseconds = -1 } == "offsetNanoseconds")
    #expect(refusal { $0.lastUpdate = .min } == "lastUpdate")
  }
}
