import CLinux
import TestSupport
import Testing

@testable import Devices

/// Disks whose host moves blocks of 4096 bytes without the page cache, and whose drivers count sectors of 512: what is
/// done to parts of one block at the same time.
@Suite("Parts of blocks")
struct PartialBlockTests {
  /// What meets a write of one sector, in the same block.
  enum Other: CaseIterable { case zeroes, unmappedZeroes, discard, partialWrite, wholeWrite }

  private static let block = 4096
  private static let blockCount = 32

  /// On the way to each file there are blocks of 4096 bytes, whatever the host asks for.
  private func open(_ backend: DiskBackend, _ file: TemporaryFile) throws -> any Disk {
    try backend.make(
      ThreadedDisk(
        DiskFile(
          file.open(O_RDWR | clinux_direct_flag()), isReadOnly: false, canDiscard: true, cache: .none,
          directBlock: UInt32(Self.block))))
  }

  @Test(arguments: DiskBackend.allowed, Other.allCases)
  func `nothing undoes what is done to its neighbours at the same time`(
    backend: DiskBackend, other: Other
  ) throws {
    let file = try TemporaryFile(size: UInt64(Self.block * Self.blockCount))
    let driver = try BlockDriver(open(backend, file))
    try driver.start()
    let (old, new, whole) = (
      pattern(Self.block, seed: 1), pattern(512, seed: 2), pattern(Self.block, seed: 3)
    )
    var requests: [[DriverBuffer]] = []
    for block in 0..<Self.blockCount {
      let sector = UInt64(8 * block)
      requests.append(try write(new, at: sector + 1, driver))
      switch other {
      case .zeroes: requests.append(try zero(13, sector + 3, 2, driver))
      case .unmappedZeroes: requests.append(try zero(13, sector + 3, 2, flags: 1, driver))
      case .discard: requests.append(try zero(11, sector + 3, 2, driver))
      case .partialWrite: requests.append(try write(whole.prefix(1024) + [], at: sector + 3, driver))
      case .wholeWrite: requests.append(try write(whole, at: sector, driver))
      }
    }
    let untouched = (0..<Self.blockCount).flatMap { _ in old }
    for round in 0..<20 {
      try file.write(untouched, at: 0)
      for request in requests { try driver.queues[0].add(request) }
      try driver.driver.kick(driver.queues[0], 0)
      for _ in requests { _ = try driver.driver.waitForUsed(driver.queues[0], 0) }
      for request in requests { #expect(try driver.driver.arena.bytes(of: request[2]) == [0]) }
      let all = try file.bytes(untouched.count, at: 0)
      let wrong = (0..<Self.blockCount).filter { block in
        let bytes = Array(all[(block * Self.block)..<((block + 1) * Self.block)])
        return !isRight(bytes, old: old, new: new, whole: whole, other)
      }
      #expect(wrong.isEmpty, "round \(round), blocks \(wrong)")
    }
  }

  private func isRight(_ bytes: [UInt8], old: [UInt8], new: [UInt8], whole: [UInt8], _ other: Other) -> Bool {
    var expected = old
    expected.replaceSubrange(512..<1024, with: new)
    switch other {
    case .zeroes, .unmappedZeroes, .discard:
      expected.replaceSubrange(1536..<2560, with: Array(repeating: 0, count: 1024))
    case .partialWrite: expected.replaceSubrange(1536..<2560, with: whole.prefix(1024))
    case .wholeWrite:
      // The sector that both wrote is the one's or the other's.
      if bytes == whole { return true }
      expected = whole
      expected.replaceSubrange(512..<1024, with: new)
    }
    return bytes == expected
  }

  /// With data where O_DIRECT takes it from.
  private func write(_ data: [UInt8], at sector: UInt64, _ driver: BlockDriver) throws -> [DriverBuffer] {
    let arena = driver.driver.arena
    let page = try arena.take(UInt64(data.count), alignment: 4096)
    try arena.memory.write(bytes: data, at: GuestAddress(page))
    return [
      try arena.readable(BlockDriver.header(1, sector)),
      DriverBuffer(address: page, size: UInt32(data.count), isWritable: false), try arena.writable(1),
    ]
  }

  private func zero(
    _ type: UInt32, _ sector: UInt64, _ count: UInt32, flags: UInt32 = 0, _ driver: BlockDriver
  ) throws -> [DriverBuffer] {
    let arena = driver.driver.arena
    return [
      try arena.readable(BlockDriver.header(type, 0)),
      try arena.readable(BlockDriver.range(sector, count, flags: flags)), try arena.writable(1),
    ]
  }
}
