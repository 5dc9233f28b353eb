// What happens when an instruction cannot be done: the processor looks its exception's number up in a table of gates
// and goes there. When the handler is done, the instruction is tried again (Intel SDM volume 3A, chapter 6).
import Bare
import Processor

/// An entry of the interrupt descriptor table, 16 bytes.
struct Gate {
  static let codeSegment: UInt64 = 8
  /// Present, for ring 0, and of the kind that forbids interrupts while the handler runs.
  static let interrupt: UInt64 = 0x8E00

  let entry: UInt64

  func write(to memory: Memory) {
    // The address is in three parts: the gate grew from one for 16 bits, then for 32.
    memory.write64(
      entry & 0xFFFF | Self.codeSegment << 16 | Self.interrupt << 32 | (entry >> 16 & 0xFFFF) << 48)
    memory.write64(entry >> 32, 8)
  }
}

enum Exception {
  static let divide: UInt64 = 0
  static let undefinedInstruction: UInt64 = 6
  static let pageFault: UInt64 = 14
}

/// Called by the code behind every gate, with the registers as they were; what is changed in them stays changed.
@_cdecl("interrupt_handler")
func handle(_ pointer: UnsafeMutablePointer<interrupt_frame>) {
  // The assembly's frame is on the stack below this call, and nobody else's until it returns.
  var frame = unsafe pointer.pointee
  print("  exception \(frame.vector), error code \(frame.error), at 0x\(Hex(frame.rip))")
  switch frame.vector {
  case Exception.divide:
    print("  a division by 0: let it be 1, and try again")
    frame.rcx = 1
  case Exception.undefinedInstruction:
    print("  no such instruction: go on behind its two bytes")
    frame.rip += 2
  case Exception.pageFault:
    let address = processor_read_cr2()
    print("  no memory at 0x\(Hex(address)): map some, and try again")
    map(Page.allocate(), at: address)
  default:
    Guest.panic("an exception that this lesson knows nothing of")
  }
  // The frame is still ours.
  unsafe pointer.pointee = frame
}

/// Maps a page at any address; the lesson `paging` tells how.
func map(_ page: Memory, at address: UInt64) {
  var table = processor_read_cr3()
  for shift: UInt64 in [39, 30, 21] {
    let entry = Memory(at: table + 8 * (address >> shift & 511))
    if entry.read64() & 1 == 0 { entry.write64(Page.allocate().address | 3) }
    table = entry.read64() & ~4095
  }
  Memory(at: table + 8 * (address >> 12 & 511)).write64(page.address | 3)
}

@main enum Lesson {
  static func main() {
    let gates = Page.allocate()
    for vector: UInt8 in 0...255 {
      Gate(entry: interrupt_entry(vector)).write(to: gates.advanced(by: 16 * Int(vector)))
    }
    processor_load_gates(gates.address, 256)
    print("256 gates at 0x\(Hex(gates.address))")

    print("42 / 0")
    print("is \(processor_divide(42, 0))")

    print("an undefined instruction")
    processor_undefined_instruction()
    print("was left out")

    // Each first touch of a page is an exception; the second is not.
    let memory = Memory(at: 0x80_0000_0000)
    print("a write to 0x\(Hex(memory.address))")
    memory.write32(0x600D_F00D, 0x10)
    print("and a read gives 0x\(Hex(memory.read32(0x10)))")
    print("a read of the next page")
    print("gives 0x\(Hex(memory.read32(0x1010)))")
  }
}
