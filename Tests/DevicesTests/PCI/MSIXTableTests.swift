import TestSupport
import Testing

@testable import Devices

@Suite struct MSIXTableTests {
  private let router = RecordingRouter()
  private let table: MSIXTable

  init() throws {
    table = try MSIXTable(count: 70, router: router)
  }

  private func write(_ index: Int, address: UInt64, data: UInt32, isMasked: Bool = false) {
    table.write(address, at: 16 * index, width: 8)
    table.write(UInt64(data), at: 16 * index + 8, width: 4)
    table.write(isMasked ? 1 : 0, at: 16 * index + 12, width: 4)
  }

  @Test func `every vector begins masked, and nothing is connected`() {
    table.setControl(isEnabled: true, isFunctionMasked: false)
    #expect(router.connections.isEmpty)
    for index in 0..<70 {
      #expect(table.read(at: 16 * index, width: 8) == 0)
      #expect(table.read(at: 16 * index + 8, width: 8) == 1 << 32)
    }
  }

  @Test func `a vector is connected while it, the function and MSI-X let it`() {
    let message = InterruptMessage(address: 0xFEE0_1000, data: 0x4041)
    write(3, address: message.address, data: message.data)
    #expect(router.connections.isEmpty)
    for isEnabled in [false, true] {
      for isFunctionMasked in [false, true] {
        for isMasked in [false, true] {
          table.write(isMasked ? 1 : 0, at: 16 * 3 + 12, width: 4)
          table.setControl(isEnabled: isEnabled, isFunctionMasked: isFunctionMasked)
          let isOpen = isEnabled && !isFunctionMasked && !isMasked
          #expect(router.connections == (isOpen ? [3: message] : [:]))
        }
      }
    }
  }

  @Test func `a message is changed while its vector is open, half by half`() {
    table.setControl(isEnabled: true, isFunctionMasked: false)
    write(0, address: 0xFEE0_0000, data: 1)
    table.write(0xFEE0_2000, at: 0, width: 4)
    table.write(0x1, at: 4, width: 4)
    table.write(7, at: 8, width: 4)
    #expect(router.connections == [0: InterruptMessage(address: 0x1_FEE0_2000, data: 7)])
    // The same once more is no change.
    let changes = router.changes.count
    table.write(7, at: 8, width: 4)
    #expect(router.changes.count == changes)
  }

  @Test func `a masked signal waits as a pending bit, which goes with the connection`() {
    table.setControl(isEnabled: true, isFunctionMasked: true)
    for index in [0, 9, 63, 64, 69] { write(index, address: 0xFEE0_0000, data: 1) }
    for index in [0, 9, 63, 64, 69] { table.vectors[index].signal() }
    #expect(table.readPending(at: 0, width: 8) == 0x8000_0000_0000_0201)
    #expect(table.readPending(at: 8, width: 8) == 1 | 1 << 5)
    #expect(table.readPending(at: 8, width: 4) == 0x21)
    #expect(table.readPending(at: 1, width: 1) == 2)
    #expect(table.readPending(at: 16, width: 8) == 0)
    // What is connected is the router's: the kernel takes it at once.
    table.setControl(isEnabled: true, isFunctionMasked: false)
    #expect(table.readPending(at: 0, width: 8) == 0)
  }

  @Test(arguments: 1...8)
  func `only aligned doublewords and quadwords within the table are registers`(width: Int) {
    for offset in -1..<16 * 70 + 16 {
      let isRegister = (width == 4 || width == 8) && offset >= 0 && offset % width == 0 && offset < 16 * 70
      let before = offset >= 0 ? table.read(at: offset & ~7, width: 8) : 0
      table.write(0xFFFF_FFFC_FFFF_FFFC, at: offset, width: width)
      if isRegister {
        #expect(table.read(at: offset, width: width) != .max)
      } else {
        #expect(table.read(at: offset, width: width) == .max)
        if offset >= 0 { #expect(table.read(at: offset & ~7, width: 8) == before) }
      }
    }
    // Of vector control one bit is there.
    table.write(.max, at: 8, width: 8)
    #expect(table.read(at: 8, width: 8) == 0x1_FFFF_FFFF)
  }

  @Test func `a restored table is connected as the saved one, its pending bits too`() throws {
    table.setControl(isEnabled: true, isFunctionMasked: false)
    write(1, address: 0xFEE0_3000, data: 9)
    write(2, address: 0xFEE0_4000, data: 10, isMasked: true)
    table.vectors[2].signal()
    let state = table.state
    let other = RecordingRouter()
    let restored = try MSIXTable(count: 70, router: other)
    restored.restore(state, (true, false))
    #expect(other.connections == router.connections)
    #expect(restored.state == state)
    #expect(restored.readPending(at: 0, width: 8) == 4)
  }

  @Test func `a machine without vectors left refuses the table`() {
    #expect(throws: (any Error).self) { try MSIXTable(count: 3, router: RecordingRouter(capacity: 2)) }
  }
}
