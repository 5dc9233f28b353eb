// What the processor makes of an address in long mode: four tables, nine bits of the address for each, and the last
// twelve are the place within the page (Intel SDM volume 3A, 4.5; AMD64 volume 2, 5.3).
import Bare
import Processor

/// One of the 512 entries of a table.
struct Entry {
  static let present: UInt64 = 1 << 0
  static let writable: UInt64 = 1 << 1
  static let accessed: UInt64 = 1 << 5
  static let dirty: UInt64 = 1 << 6
  /// At level 2 and 3: this is a page, of 2 MiB or 1 GiB, and no further table.
  static let large: UInt64 = 1 << 7

  let memory: Memory

  /// The entry for `address` in the table of a level, 4 to 1.
  init(in table: UInt64, level: UInt64, for address: UInt64) {
    let index = address >> (12 + 9 * (level - 1)) & 511
    memory = Memory(at: table + 8 * index)
  }

  var value: UInt64 { memory.read64() }
  var target: UInt64 { value & 0x000F_FFFF_FFFF_F000 }

  func has(_ bit: UInt64) -> Bool { value & bit != 0 }

  func set(_ target: Memory, _ bits: UInt64) {
    memory.write64(target.address | bits)
  }
}

struct PageTables {
  /// The physical address of the table of level 4.
  let root: UInt64

  /// Walks as the processor does, and tells each step.
  /// - Returns: the physical address, or nil where nothing is mapped.
  func walk(_ address: UInt64) -> UInt64? {
    print("the walk for 0x\(Hex(address)):")
    var table = root
    for level: UInt64 in [4, 3, 2, 1] {
      let entry = Entry(in: table, level: level, for: address)
      var notes = ""
      if entry.has(Entry.accessed) { notes += ", accessed" }
      if entry.has(Entry.dirty) { notes += ", dirty" }
      print("  level \(level): 0x\(Hex(entry.value))\(notes)")
      guard entry.has(Entry.present) else { return nil }
      if level == 1 || level < 4 && entry.has(Entry.large) {
        let mask = UInt64(1) << (12 + 9 * (level - 1)) - 1
        return entry.target & ~mask | address & mask
      }
      table = entry.target
    }
    return nil
  }

  /// Makes a page of 4 KiB visible at `address`, with new tables where they are missing.
  func map(_ page: Memory, at address: UInt64) {
    var table = root
    for level: UInt64 in [4, 3, 2] {
      let entry = Entry(in: table, level: level, for: address)
      if !entry.has(Entry.present) { entry.set(Page.allocate(), Entry.present | Entry.writable) }
      table = entry.target
    }
    Entry(in: table, level: 1, for: address).set(page, Entry.present | Entry.writable)
    // The processor may have kept what was there.
    processor_forget_page(address)
  }
}

@main enum Lesson {
  static func main() {
    let tables = PageTables(root: processor_read_cr3())

    // The start-up code mapped 4 GiB onto themselves, in pages of 2 MiB.
    let known: UInt64 = 0x0012_3456
    print("that is 0x\(Hex(tables.walk(known) ?? 0))")

    // Half a terabyte up, nothing is mapped, until we do it.
    let (left, right): (UInt64, UInt64) = (0x80_0000_0000, 0xC0_DEAD_B000)
    if tables.walk(left) == nil { print("that is nowhere") }
    let page = Page.allocate()
    tables.map(page, at: left)
    tables.map(page, at: right)

    // One page with three addresses.
    Memory(at: left).write64(0x1122_3344_5566_7788)
    print("written at  0x\(Hex(left))")
    print("read at     0x\(Hex(right)): 0x\(Hex(Memory(at: right).read64()))")
    print("read at     0x\(Hex(page.address)): 0x\(Hex(page.read64()))")

    // The processor notes which pages were read, and which were written.
    _ = tables.walk(left)
    _ = tables.walk(right)

    // Another page under the same address.
    tables.map(Page.allocate(), at: right)
    print("and now at  0x\(Hex(right)): 0x\(Hex(Memory(at: right).read64()))")
  }
}
