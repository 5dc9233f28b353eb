import TinyGuests

/// The code of a tiny guest. TinyGuests.h says how each is entered.
struct Guest {
  let bytes: [UInt8]

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private init(_ guest: TinyGuest) {
    // The bounds of assembled code, which is constant.
    unsafe bytes = [UInt8](UnsafeRawBufferPointer(start: guest.code, count: guest.size))
  }

  // Each call only names the bounds.
  static let portWrites = unsafe Guest(tiny_port_writes())
  static let portReads = unsafe Guest(tiny_port_reads())
  static let unclaimedPort = unsafe Guest(tiny_unclaimed_port())
  static let stringOutput = unsafe Guest(tiny_string_output())
  static let stringInput = unsafe Guest(tiny_string_input())
  static let mmioReads = unsafe Guest(tiny_mmio_reads())
  static let mmioWrites = unsafe Guest(tiny_mmio_writes())
  static let unclaimedMemory = unsafe Guest(tiny_unclaimed_memory())
  static let highMemory = unsafe Guest(tiny_high_memory())
  static let interruptWakes = unsafe Guest(tiny_interrupt_wakes())
  static let sleep = unsafe Guest(tiny_sleep())
  static let spin = unsafe Guest(tiny_spin())
  static let twoProcessors = unsafe Guest(tiny_two_processors())
  static let tripleFault = unsafe Guest(tiny_triple_fault())
  static let notEmulated = unsafe Guest(tiny_not_emulated())
  static let keyboardReset = unsafe Guest(tiny_keyboard_reset())
  static let controlReset = unsafe Guest(tiny_control_reset())
  static let powerOff = unsafe Guest(tiny_power_off())
  static let greeting = unsafe Guest(tiny_greeting())
}
