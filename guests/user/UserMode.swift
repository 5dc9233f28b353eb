// What makes a kernel a kernel: programs run in ring 3, where the processor refuses what is not theirs, and come back by
// one instruction, `syscall` (AMD64 volume 2, 4.8 and 6.1; Intel SDM volume 3A, 5.8.7).
import Bare
import Processor

enum Segments {
  static let userBit: UInt64 = 3 << 45

  /// Where `syscall` and `sysret` find selectors fixes the order of the first five.
  static func load() {
    let code: UInt64 = 0x00AF_9B00_0000_FFFF
    let data: UInt64 = 0x00CF_9300_0000_FFFF
    // The task state segment: an exception in ring 3 takes its stack from there, at 4.
    let task = Page.allocate()
    task.write64(Page.allocate().address + 4096, 4)
    let (low, high) = (task.address & 0xFF_FFFF, task.address >> 24 & 0xFF)
    let table = Page.allocate()
    for (index, descriptor) in [
      0, code, data, data | userBit, code | userBit, 103 | low << 16 | 0x89 << 40 | high << 56,
      task.address >> 32,
    ].enumerated() { table.write64(descriptor, 8 * index) }
    processor_load_segments(table.address, 7)
    processor_load_task(5 * 8)
  }

  static func allowSystemCalls() {
    // EFER.SCE; STAR: the kernel's selectors 8 and 16, the user's 24 and 32; LSTAR; flags that are cleared.
    processor_write_msr(0xC000_0080, processor_read_msr(0xC000_0080) | 1)
    processor_write_msr(0xC000_0081, 8 << 32 | 16 << 48)
    processor_write_msr(0xC000_0082, user_call_address())
    processor_write_msr(0xC000_0084, 0x700)
  }
}

/// A page for code and one for the stack: all that a program can see.
enum Program {
  static let start: UInt64 = 0x80_0000_0000
  static let code = start..<(start + 4096)
  static let stack = (start + 4096)..<(start + 8192)

  /// Runs it in pages that nobody used before.
  static func run(_ name: StaticString, _ bytes: [UInt8]) {
    print(name)
    let page = Page.allocate()
    for (offset, byte) in bytes.enumerated() { page.write8(byte, offset) }
    // Bit 0: there; bit 1: may be written; bit 2: for user mode too.
    map(page, at: code.lowerBound, 0b101)
    map(Page.allocate(), at: stack.lowerBound, 0b111)
    print("  ended with \(Int64(bitPattern: user_enter(code.lowerBound, stack.upperBound)))")
  }

  /// Maps a page; the lesson `paging` tells how.
  private static func map(_ page: Memory, at address: UInt64, _ bits: UInt64) {
    var table = processor_read_cr3()
    for shift: UInt64 in [39, 30, 21] {
      let entry = Memory(at: table + 8 * (address >> shift & 511))
      if entry.read64() & 1 == 0 { entry.write64(Page.allocate().address | 0b111) }
      table = entry.read64() & ~4095
    }
    Memory(at: table + 8 * (address >> 12 & 511)).write64(page.address | bits)
    processor_forget_page(address)
  }
}

/// System calls: 1 writes some bytes, 2 ends the program.
@_cdecl("user_call")
func systemCall(_ number: UInt64, _ first: UInt64, _ second: UInt64) -> UInt64 {
  switch number {
  case 1:
    // The kernel could read any address, so it must ask whether the program could.
    let (end, overflow) = first.addingReportingOverflow(second)
    guard !overflow, Program.code.contains(first), end <= Program.code.upperBound else {
      return UInt64(bitPattern: -1)
    }
    print("  it says: ", terminator: "")
    for address in first..<end { putByte(Memory(at: address).read8()) }
    return second
  case 2: user_leave(first)
  default: return UInt64(bitPattern: -1)
  }
}

func putByte(_ byte: UInt8) {
  Port(0x3F8).write8(byte)
}

@_cdecl("interrupt_handler")
func handle(_ pointer: UnsafeMutablePointer<interrupt_frame>) {
  // The assembly's frame is on the stack below this call, and nobody else's until it returns.
  var frame = unsafe pointer.pointee
  // The two low bits of the code segment's selector are the ring that it happened in.
  guard frame.cs & 3 == 3 else { Guest.panic("an exception in the kernel") }
  // Where KVM emulates the kernel's code, `syscall` may go where it should and stay in ring 3, which is a page fault
  // there. All that a system call needs is in the registers.
  if frame.rip == user_call_address() {
    frame.rax = systemCall(frame.rax, frame.rdi, frame.rsi)
    frame.rip = frame.rcx
    // The frame is still ours.
    unsafe pointer.pointee = frame
    return
  }
  print(
    "  exception \(frame.vector), error code \(frame.error), at 0x\(Hex(frame.rip)): no more of this program")
  user_leave(UInt64(bitPattern: -2))
}

@main enum Lesson {
  /// mov %rax, %rdi; mov $2, %eax; syscall
  static let end: [UInt8] = [0x48, 0x89, 0xC7, 0xB8, 2, 0, 0, 0, 0x0F, 0x05]

  static func main() {
    Segments.load()
    Segments.allowSystemCalls()

    let text = Array("Hello from ring 3\r\n".utf8)
    let count = UInt8(text.count)
    // mov $1, %eax; lea text(%rip), %rdi; mov $count, %esi; syscall; then the end, and the text behind it
    Program.run(
      "a program that writes",
      [0xB8, 1, 0, 0, 0, 0x48, 0x8D, 0x3D, 17, 0, 0, 0, 0xBE, count, 0, 0, 0, 0x0F, 0x05] + end + text)
    // mov $1, %eax; mov $0x100000, %edi; mov $16, %esi; syscall
    Program.run(
      "a program that lets the kernel write what is the kernel's",
      [0xB8, 1, 0, 0, 0, 0xBF, 0, 0, 0x10, 0, 0xBE, 16, 0, 0, 0, 0x0F, 0x05] + end)
    // mov 0x100000, %eax
    Program.run("a program that reads what is the kernel's", [0x8B, 0x04, 0x25, 0, 0, 0x10, 0] + end)
    // hlt
    Program.run("a program that stops the processor", [0xF4] + end)
    // mov %eax, 0(%rip)
    Program.run("a program that writes over itself", [0x89, 0x05, 0, 0, 0, 0] + end)
  }
}
