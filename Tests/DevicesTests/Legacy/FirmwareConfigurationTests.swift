import Testing

@testable import Devices

@Suite("Firmware configuration") struct FirmwareConfigurationTests {
  private let device = FirmwareConfiguration(
    processors: 3, ramSize: 0x1_2345_6789,
    files: [
      .init(name: "opt/one", bytes: [1, 2, 3]),
      .init(name: "opt/" + String(repeating: "x", count: 51), bytes: []),
    ])

  /// What a guest does: a word to the selector, bytes from the data port.
  private func read(_ key: UInt16, _ count: Int) -> [UInt8] {
    device.write(UInt64(key), at: 0, width: 2)
    return next(count)
  }

  private func next(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: device.read(at: 1, width: 1)) }
  }

  @Test func `signature, features, memory and processors are told, zeroes behind them`() {
    #expect(next(5) == Array("QEMU\0".utf8))
    #expect(read(0x00, 5) == Array("QEMU\0".utf8))
    #expect(read(0x01, 5) == [1, 0, 0, 0, 0])
    #expect(read(0x03, 9) == [0x89, 0x67, 0x45, 0x23, 1, 0, 0, 0, 0])
    #expect(read(0x05, 3) == [3, 0, 0])
    #expect(read(0x0F, 3) == [3, 0, 0])
  }

  @Test func `the directory is big-endian and leads to the files`() {
    let directory = read(0x19, 4 + 2 * 64 + 1)
    #expect(directory[..<4] == [0, 0, 0, 2])
    #expect(directory[4..<12] == [0, 0, 0, 3, 0, 0x20, 0, 0])
    #expect(Array(directory[12..<68]) == Array("opt/one".utf8) + Array(repeating: 0, count: 49))
    #expect(directory[68..<76] == [0, 0, 0, 0, 0, 0x21, 0, 0])
    #expect(directory[130] == UInt8(ascii: "x"))
    #expect(directory[131...] == [0, 0])
    #expect(read(0x20, 4) == [1, 2, 3, 0])
    #expect(read(0x21, 1) == [0])
  }

  @Test func `without files the directory is empty`() {
    let device = FirmwareConfiguration(processors: 1, ramSize: 0)
    device.write(0x19, at: 0, width: 2)
    for _ in 0..<8 { #expect(device.read(at: 1, width: 1) & 0xFF == 0) }
  }

  @Test(arguments: [0x02, 0x22, 0x3FFF, 0x8005, 0xFFFF] as [UInt16])
  func `what is not there reads as zeroes`(key: UInt16) {
    #expect(read(key, 4) == [0, 0, 0, 0])
  }

  @Test func `the bit that asks for writing changes nothing, and nothing is written`() {
    #expect(read(0x4020, 1) == [1])
    device.write(9, at: 1, width: 1)
    #expect(next(1) == [2])
    #expect(read(0x20, 3) == [1, 2, 3])
  }

  @Test func `selecting begins anew, and the selector cannot be read`() {
    #expect(read(0x20, 2) == [1, 2])
    #expect(device.read(at: 0, width: 1) & 0xFF == 0xFF)
    #expect(next(1) == [3])
    #expect(read(0x20, 1) == [1])
  }

  @Test func `half a key selects nothing`() {
    #expect(read(0x20, 1) == [1])
    device.write(0x05, at: 0, width: 1)
    #expect(next(1) == [2])
    device.write(0x00, at: 1, width: 1)
    #expect(next(1) == [3])
  }

  @Test func `more processors than the item can hold are the most that it can`() {
    let device = FirmwareConfiguration(processors: 70_000, ramSize: 0)
    device.write(0x05, at: 0, width: 2)
    #expect(device.read(at: 1, width: 1) & 0xFF == 0xFF)
    #expect(device.read(at: 1, width: 1) & 0xFF == 0xFF)
  }

  @Test func `a place past the item's end is no state`() throws {
    _ = read(0x20, 2)
    var state = device.state
    #expect(state == .init(key: 0x20, next: 2, half: nil))
    state.next = 4
    #expect(throws: InvalidState(device: "FirmwareConfiguration", field: "next")) {
      try device.restore(state)
    }
    state.next = 1
    try device.restore(state)
    #expect(next(2) == [2, 3])
  }
}
