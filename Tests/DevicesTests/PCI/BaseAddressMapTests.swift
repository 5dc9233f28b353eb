import Synchronization
import Testing

@testable import Devices

@Suite struct BaseAddressMapTests {
  /// Answers with its own number and notes what is written.
  private final class Target: BaseAddressTarget {
    let number: UInt64
    let written = Mutex<[UInt64]>([])

    init(_ number: UInt64) {
      self.number = number
    }

    func readMemory(at offset: UInt64, width: Int) -> UInt64 { number << 32 | offset }
    func writeMemory(_ value: UInt64, at offset: UInt64, width: Int) {
      written.withLock { $0.append(offset) }
    }
  }

  private let map = BaseAddressMap()
  private let window: MemoryWindow
  private let first = Target(1)
  private let second = Target(2)

  init() {
    window = MemoryWindow(map, base: 0xC000_0000)
  }

  private func range(_ base: UInt64, _ size: UInt64) -> GuestRange {
    GuestRange(base: GuestAddress(base), size: size)
  }

  @Test func `an access goes to who is there, whole or not at all`() {
    map.place(first, at: range(0xC000_1000, 0x1000))
    #expect(window.read(at: 0x1000, width: 4) == 1 << 32)
    #expect(window.read(at: 0x1FFC, width: 4) == 1 << 32 | 0xFFC)
    for (offset, width) in [(UInt64(0xFFF), 2), (0x1FFD, 4), (0x2000, 1), (0, 8)] {
      #expect(window.read(at: offset, width: width) == .max)
      window.write(0, at: offset, width: width)
    }
    #expect(first.written.withLock { $0 } == [])
    window.write(0, at: 0x1008, width: 8)
    #expect(first.written.withLock { $0 } == [8])
  }

  @Test func `a target that moves is in one place, and gone when it is nowhere`() {
    map.place(first, at: range(0xC000_0000, 0x1000))
    map.place(first, at: range(0xC000_4000, 0x1000))
    #expect(window.read(at: 0, width: 4) == .max)
    #expect(window.read(at: 0x4004, width: 4) == 1 << 32 | 4)
    map.place(first, at: nil)
    #expect(window.read(at: 0x4004, width: 4) == .max)
  }

  @Test func `where two lie over one another the first one answers, and then the other`() {
    map.place(first, at: range(0xC000_0000, 0x1000))
    map.place(second, at: range(0xC000_0800, 0x1000))
    #expect(window.read(at: 0x800, width: 4) == 1 << 32 | 0x800)
    #expect(window.read(at: 0x1000, width: 4) == 2 << 32 | 0x800)
    map.place(first, at: nil)
    #expect(window.read(at: 0x800, width: 4) == 2 << 32)
    map.removeAll()
    #expect(window.read(at: 0x800, width: 4) == .max)
  }

  @Test func `a target at the end of the address space is reached to its last byte`() {
    let top = MemoryWindow(map, base: GuestAddress(UInt64.max - 0xFFF))
    map.place(first, at: range(UInt64.max - 0xFFF, 0x1000))
    #expect(top.read(at: 0xFFF, width: 1) == 1 << 32 | 0xFFF)
    #expect(top.read(at: 0xFFF, width: 2) == .max)
  }
}
