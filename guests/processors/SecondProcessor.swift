// A machine starts with one processor awake. It wakes another with two messages, INIT and start-up (SIPI); the other
// begins in real mode, like a PC of 1981 (Intel SDM volume 3A, 9.4).
import Bare
import Processor
import Synchronization

/// The local APIC: each processor sees its own at this address.
enum LocalAPIC {
  private static let registers = Memory(at: 0xFEE0_0000)

  static var id: UInt8 { UInt8(registers.read32(0x20) >> 24) }

  static func enable() {
    registers.write32(1 << 8 | 0xFF, 0xF0)
  }

  /// Sends a message to another processor: a vector and how it is meant.
  static func send(_ message: UInt32, to id: UInt8) {
    registers.write32(UInt32(id) << 24, 0x310)
    registers.write32(message, 0x300)
    // Bit 12: not delivered yet.
    while registers.read32(0x300) & 1 << 12 != 0 {}
  }

  static func endOfInterrupt() {
    registers.write32(0, 0xB0)
  }
}

enum Message {
  /// Be as after power-on, and wait. Bit 14: the level is high.
  static let initialize: UInt32 = 0x4500

  /// Begin at a page below 1 MiB.
  static func startUp(page: UInt8) -> UInt32 { 0x4600 | UInt32(page) }

  /// An interrupt like that of a device.
  static func interrupt(vector: UInt8) -> UInt32 { 0x4000 | UInt32(vector) }
}

/// What both processors see.
enum Shared {
  static let wakeUp: UInt8 = 0x30
  static let rounds = 20_000
  static let hasArrived = Atomic<Bool>(false)
  static let isDone = Atomic<Bool>(false)
  static let whole = Atomic<Int>(0)
  /// Page 9, which is nobody's: a counter that each takes, adds to, and puts back.
  static let halves = Memory(at: 0x9000)

  static func count() {
    for _ in 0..<rounds {
      whole.add(1, ordering: .relaxed)
      halves.write64(halves.read64() + 1)
    }
  }
}

/// The second processor's work, on a stack of its own.
@_cdecl("processor_main")
func second() {
  LocalAPIC.enable()
  // While one prints, the other waits: neither the serial port nor the heap is made for two.
  print("processor \(LocalAPIC.id) is here")
  Shared.hasArrived.store(true, ordering: .releasing)
  Shared.count()
  Shared.isDone.store(true, ordering: .releasing)
  LocalAPIC.send(Message.interrupt(vector: Shared.wakeUp), to: 0)
}

@_cdecl("interrupt_handler")
func handle(_ frame: UnsafeMutablePointer<interrupt_frame>) {
  // The assembly's frame is on the stack below this call.
  let vector = unsafe frame.pointee.vector
  guard vector == UInt64(Shared.wakeUp) else { Guest.panic("an interrupt that nobody asked for") }
  LocalAPIC.endOfInterrupt()
}

@main enum Lesson {
  static func main() {
    // The old interrupt controllers stay silent.
    Port(0x21).write8(0xFF)
    Port(0xA1).write8(0xFF)
    LocalAPIC.enable()
    print("processor \(LocalAPIC.id) is here")

    processor_prepare_start(8)
    LocalAPIC.send(Message.initialize, to: 1)
    LocalAPIC.send(Message.startUp(page: 8), to: 1)
    // Some seconds, and not longer where there is no such processor.
    let patience = processor_time_stamp() + 25_000_000_000
    while !Shared.hasArrived.load(ordering: .acquiring) {
      if processor_time_stamp() > patience { Guest.panic("nobody came: -c 2") }
      processor_pause()
    }

    Shared.count()
    // Between this look and the sleep no interrupt comes: it would be slept through.
    while !Shared.isDone.load(ordering: .acquiring) { processor_sleep() }
    print("both counted to \(Shared.rounds)")
    print("in whole steps, that makes \(Shared.whole.load(ordering: .relaxed))")
    print("in two halves, that makes  \(Shared.halves.read64())")
  }
}
