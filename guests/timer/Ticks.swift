// How a machine sleeps and is woken: each processor has an interrupt controller of its own, the local APIC, with a
// timer in it (Intel SDM volume 3A, chapter 10).
import Bare
import Processor
import Synchronization

/// The local APIC's registers, 16 bytes apart, at the same address for each processor.
enum LocalAPIC {
  static let timerVector: UInt8 = 0x20
  static let spuriousVector: UInt8 = 0xFF
  private static let isPeriodic: UInt32 = 1 << 17
  private static let isMasked: UInt32 = 1 << 16

  private static func write(_ value: UInt32, _ register: Int) {
    Memory(at: 0xFEE0_0000).write32(value, register)
  }

  static func enable() {
    write(1 << 8 | UInt32(spuriousVector), 0xF0)
    // The timer counts each cycle of its clock.
    write(0b1011, 0x3E0)
  }

  /// Lets it count down from the top, without an interrupt.
  static func startCounting() {
    write(isMasked | UInt32(timerVector), 0x320)
    write(.max, 0x380)
  }

  /// What is left.
  static var count: UInt32 { Memory(at: 0xFEE0_0000).read32(0x390) }

  /// An interrupt each time that so many cycles have gone by.
  static func tick(every cycles: UInt32) {
    write(isPeriodic | UInt32(timerVector), 0x320)
    write(cycles, 0x380)
  }

  static func stop() {
    write(0, 0x380)
  }

  /// Until this is said, no further interrupt of this priority comes.
  static func endOfInterrupt() {
    write(0, 0xB0)
  }
}

/// A clock of known speed: the PC's interval timer, 1193182 Hz. Its channel 2 once made the speaker's sound.
enum IntervalTimer {
  /// Waits for some hundredths of a second, by looking.
  static func wait(hundredths: UInt16) {
    let cycles = 11932 * hundredths
    // The gate opens, the speaker stays silent.
    Port(0x61).write8(Port(0x61).read8() & 0xFC | 1)
    // Channel 2, low byte and high byte, mode 0: the output rises when the count is over.
    Port(0x43).write8(0b1011_0000)
    Port(0x42).write8(UInt8(truncatingIfNeeded: cycles))
    Port(0x42).write8(UInt8(cycles >> 8))
    while Port(0x61).read8() & 0x20 == 0 {}
  }
}

enum Clock {
  /// How often the timer has ticked. The handler may come between any two instructions: no plain variable.
  static let ticks = Atomic<Int>(0)
}

@_cdecl("interrupt_handler")
func handle(_ frame: UnsafeMutablePointer<interrupt_frame>) {
  // The assembly's frame is on the stack below this call.
  let vector = unsafe frame.pointee.vector
  switch UInt8(truncatingIfNeeded: vector) {
  case LocalAPIC.timerVector:
    Clock.ticks.add(1, ordering: .relaxed)
    LocalAPIC.endOfInterrupt()
  case LocalAPIC.spuriousVector: break
  default: Guest.panic("an exception, or an interrupt that nobody asked for")
  }
}

@main enum Lesson {
  static func main() {
    // The old interrupt controllers stay silent.
    Port(0x21).write8(0xFF)
    Port(0xA1).write8(0xFF)
    LocalAPIC.enable()

    // How fast is the timer? Nobody says, so measure it by a clock that is known.
    LocalAPIC.startCounting()
    let start = LocalAPIC.count
    IntervalTimer.wait(hundredths: 5)
    let perSecond = UInt64(start - LocalAPIC.count) / 5 * 100
    print("the timer counts to \(perSecond / 1_000_000) million in a second")

    let stamp = processor_time_stamp()
    var sleeps = 0
    var seen = 0
    LocalAPIC.tick(every: UInt32(perSecond / 50))
    while seen < 10 {
      processor_sleep()
      sleeps += 1
      let ticks = Clock.ticks.load(ordering: .relaxed)
      if ticks != seen {
        print("tick \(ticks)")
        seen = ticks
      }
    }
    LocalAPIC.stop()
    print(
      "\(seen) ticks in \((processor_time_stamp() - stamp) / 1_000_000) million cycles, asleep \(sleeps) times"
    )
  }
}
