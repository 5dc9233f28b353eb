import Devices
import Testing

@testable import Hypervisor

@Suite struct SoftwareBreakpointTests {
  private let memory: GuestMemory
  private static let size: UInt64 = 0x4000

  init() throws {
    memory = try GuestMemory([GuestRange(base: 0, size: Self.size)])
    try memory.write(bytes: Array(0..<64), at: 0x1000)
  }

  /// Two virtual pages, 0x10000 and 0x20000, lead to the physical one at 0x1000; 0x11000 leads to 0x3000.
  private func translate(_ address: UInt64) -> GuestAddress? {
    switch address & ~0xFFF {
    case 0x10000, 0x20000: GuestAddress(0x1000 + address % 4096)
    case 0x11000: GuestAddress(0x3000 + address % 4096)
    default: nil
    }
  }

  private func insert(_ view: inout DebugMemory, _ address: UInt64) throws -> Bool {
    view.insertBreakpoint(for: address, at: try #require(translate(address)))
  }

  @Test func `the guest has INT3 and the debugger does not see it`() throws {
    var view = DebugMemory(memory)
    #expect(try insert(&view, 0x10005) == true)
    #expect(try memory.read(UInt8.self, at: 0x1005) == 0xCC)
    #expect(view.read(8, at: 0x10000, translate) == Array(0..<8))
    #expect(view.read(4, at: 0x20004, translate) == [4, 5, 6, 7])
    #expect(view.read(1, at: 0x1005) { GuestAddress($0) } == [5])
    #expect(view.breakpoints.isThere(0x1005) && !view.breakpoints.isThere(0x1004))
    view.removeBreakpoint(for: 0x10005)
    #expect(try memory.read(UInt8.self, at: 0x1005) == 5)
    #expect(view.breakpoints.isEmpty)
  }

  @Test func `setting one twice and taking it out once leaves none`() throws {
    var view = DebugMemory(memory)
    for _ in 0..<2 { #expect(try insert(&view, 0x10005) == true) }
    view.removeBreakpoint(for: 0x10005)
    #expect(try memory.read(UInt8.self, at: 0x1005) == 5)
    view.removeBreakpoint(for: 0x10005)
  }

  @Test func `two addresses of one place share an INT3 until both are gone`() throws {
    var view = DebugMemory(memory)
    #expect(try insert(&view, 0x10005) == true)
    #expect(try insert(&view, 0x20005) == true)
    view.removeBreakpoint(for: 0x10005)
    #expect(try memory.read(UInt8.self, at: 0x1005) == 0xCC)
    view.removeBreakpoint(for: 0x20005)
    #expect(try memory.read(UInt8.self, at: 0x1005) == 5)
  }

  @Test func `what is written over one is there when it goes`() throws {
    var view = DebugMemory(memory)
    #expect(try insert(&view, 0x10005) == true)
    #expect(view.write([0xA4, 0xA5, 0xA6], at: 0x20004, translate) == true)
    #expect(try memory.readBytes(3, at: 0x1004) == [0xA4, 0xCC, 0xA6])
    #expect(view.read(3, at: 0x10004, translate) == [0xA4, 0xA5, 0xA6])
    view.removeAllBreakpoints()
    #expect(try memory.readBytes(3, at: 0x1004) == [0xA4, 0xA5, 0xA6])
  }

  @Test func `code that the guest puts over one stays`() throws {
    var view = DebugMemory(memory)
    #expect(try insert(&view, 0x10005) == true)
    try memory.write(UInt8(0x90), at: 0x1005)
    #expect(view.read(1, at: 0x10005, translate) == [0x90])
    view.removeAllBreakpoints()
    #expect(try memory.read(UInt8.self, at: 0x1005) == 0x90)
  }

  @Test func `where there is no memory there is no breakpoint, and there are only so many`() throws {
    var view = DebugMemory(memory)
    #expect(view.insertBreakpoint(for: 0x10000, at: GuestAddress(Self.size)) == false)
    #expect(view.insertBreakpoint(for: 0x10000, at: GuestAddress(.max)) == false)
    for address in 0..<UInt64(SoftwareBreakpoints.most) {
      #expect(view.insertBreakpoint(for: 0x10000 + address, at: GuestAddress(0x1000 + address)) == true)
    }
    #expect(view.insertBreakpoint(for: 0x10800, at: 0x1800) == false)
    view.removeAllBreakpoints()
    #expect(try memory.readBytes(64, at: 0x1000) == Array(0..<64))
  }

  @Test func `memory is read to the first gap, and written whole or not at all`() throws {
    var view = DebugMemory(memory)
    #expect(view.read(0x3000, at: 0x10000, translate).count == 0x2000)
    #expect(view.read(16, at: 0x30000, translate).isEmpty)
    #expect(view.read(16, at: .max - 3) { GuestAddress($0) }.isEmpty)
    let bytes = [UInt8](repeating: 9, count: 32)
    #expect(view.write(bytes, at: 0x11FF0, translate) == false)
    #expect(try memory.readBytes(16, at: 0x3FF0).allSatisfy { $0 == 0 })
    #expect(view.write(bytes, at: 0x10FF0, translate) == true)
    #expect(try memory.readBytes(16, at: 0x1FF0) + memory.readBytes(16, at: 0x3000) == bytes)
  }
}

@Suite struct DebugRegistersTests {
  private func breakpoint(
    _ kind: DebugRegisters.Kind, _ address: UInt64, _ size: UInt64 = 1
  ) -> DebugRegisters.Breakpoint {
    .init(kind: kind, address: address, size: size)
  }

  @Test func `DR7 tells condition and length of each register`() {
    var registers = DebugRegisters()
    #expect(registers.isEmpty && registers.control == 0x400)
    #expect(registers.insert(breakpoint(.execute, 0x1000)) == true)
    #expect(registers.control == 0x602)
    #expect(registers.insert(breakpoint(.write, 0x2000, 8)) == true)
    #expect(registers.control == 0x0090_060A)
    #expect(registers.insert(breakpoint(.access, 0x3004, 4)) == true)
    #expect(registers.control == 0x0F90_062A)
    #expect((0..<4).map(registers.address) == [0x1000, 0x2000, 0x3004, 0])
  }

  @Test(
    arguments: [
      (0x1000, 8, [0x1000]), (0x1001, 2, [0x1001, 0x1002]), (0x1003, 8, [0x1003, 0x1004, 0x1008, 0x100A]),
      (0x1000, 32, [0x1000, 0x1008, 0x1010, 0x1018]), (0x1002, 6, [0x1002, 0x1004]),
    ] as [(UInt64, UInt64, [UInt64])])
  func `a watch is cut into aligned pieces`(address: UInt64, size: UInt64, pieces: [UInt64]) {
    var registers = DebugRegisters()
    #expect(registers.insert(breakpoint(.write, address, size)) == true)
    #expect((0..<4).map(registers.address) == pieces + [UInt64](repeating: 0, count: 4 - pieces.count))
  }

  @Test func `what does not fit changes nothing`() {
    var registers = DebugRegisters()
    #expect(registers.insert(breakpoint(.write, 0x1001, 31)) == false)
    #expect(registers.insert(breakpoint(.write, 0, 33)) == false)
    #expect(registers.insert(breakpoint(.write, 0, .max)) == false)
    #expect(registers.insert(breakpoint(.write, 0, 0)) == false)
    #expect(registers.isEmpty)
    for address in 1...4 { #expect(registers.insert(breakpoint(.execute, UInt64(address))) == true) }
    let full = registers
    #expect(registers.insert(breakpoint(.execute, 5)) == false)
    // Once more is no other one.
    #expect(registers.insert(breakpoint(.execute, 2)) == true)
    #expect(registers == full)
    registers.remove(breakpoint(.execute, 2))
    #expect(registers.insert(breakpoint(.execute, 5)) == true)
    #expect((0..<4).map(registers.address) == [1, 5, 3, 4])
  }

  @Test func `DR6 tells which one triggered, data before code`() {
    var registers = DebugRegisters()
    #expect(registers.insert(breakpoint(.execute, 0x1000)) == true)
    #expect(registers.insert(breakpoint(.write, 0x2004, 8)) == true)
    #expect(registers.triggered(0xFFFF_0FF0) == nil)
    #expect(registers.triggered(0xFFFF_0FF1) == breakpoint(.execute, 0x1000))
    #expect(registers.triggered(0xFFFF_0FF5) == breakpoint(.write, 0x2004, 8))
  }
}
