import Synchronization
import Testing

@testable import Devices

@Suite struct ECAMWindowTests {
  /// Two functions side by side, 00:01.0 and 00:01.1, with nothing behind them.
  private static let first: UInt64 = 1 << 15

  private func window() throws -> ECAMWindow {
    ECAMWindow(
      try HostBridge(functions: [
        try .at(1, 0): writableFunction(seed: 3), try .at(1, 1): writableFunction(seed: 90),
      ]))
  }

  /// The bytes that a guest should see from 00:01.0 on: both functions, then nothing.
  private var model: [UInt8] {
    (0..<4096).map { patternByte(3, $0) } + (0..<4096).map { patternByte(90, $0) }
      + [UInt8](repeating: 0xFF, count: 16)
  }

  private static let offsets = Array(0..<24) + Array(4080..<4112) + Array(8180..<8200)

  @Test(arguments: 1...8)
  func `a read of any width at any alignment is the bytes there`(width: Int) throws {
    let window = try window()
    let model = model
    for offset in Self.offsets {
      let value = window.read(at: Self.first + UInt64(offset), width: width)
      #expect(low(width, of: value) == number(model[offset..<offset + width]), "at \(offset)")
    }
  }

  @Test(arguments: 1...8)
  func `a write of any width at any alignment changes the bytes there and no other`(width: Int) throws {
    let written: UInt64 = 0xF7E6_D5C4_B3A2_9180
    for offset in Self.offsets {
      let window = try window()
      window.write(written, at: Self.first + UInt64(offset), width: width)
      var model = model
      for index in 0..<width where offset + index < 8192 {
        model[offset + index] = UInt8(truncatingIfNeeded: written >> UInt64(8 * index))
      }
      for neighbour in max(0, offset - 8)..<min(offset + 16, model.count) {
        let byte = window.read(at: Self.first + UInt64(neighbour), width: 1)
        #expect(low(1, of: byte) == UInt64(model[neighbour]), "\(neighbour) after \(offset)")
      }
    }
  }

  @Test(arguments: 1...8)
  func `a function sees no access that leaves a doubleword`(width: Int) throws {
    let function = RecordingFunction()
    let window = ECAMWindow(try HostBridge(functions: [try .at(1): function]))
    for offset in UInt64(0)..<16 {
      _ = window.read(at: Self.first + offset, width: width)
      window.write(0, at: Self.first + offset, width: width)
    }
    let accesses = function.accesses.withLock { $0 }
    #expect(accesses.allSatisfy { (1...4).contains($0.width) && $0.offset % 4 + $0.width <= 4 })
    #expect(accesses.reduce(0) { $0 + $1.width } == 2 * 16 * width)
  }

  @Test(
    arguments: [
      0x1000,  // 00:00.1
      0x1_0000,  // 00:02.0
      0xF_FFF8,  // 00:1f.7
      0x10_0000,  // 01:00.0
      0x10_8000,  // 01:01.0
      0xFFF_FFF8,  // ff:1f.7
      0x1000_0000,  // past bus 255
      0xFFFF_FFFF_FFFF_FFF8,
    ] as [UInt64])
  func `what is not there reads as ones and swallows writes`(address: UInt64) throws {
    let window = try window()
    for width in [1, 2, 4, 8] {
      window.write(0, at: address, width: width)
      #expect(low(width, of: window.read(at: address, width: width)) == low(width, of: .max))
    }
  }
}
