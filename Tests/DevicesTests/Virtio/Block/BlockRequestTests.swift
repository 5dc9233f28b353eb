import TestSupport
import Testing

@testable import Devices

@Suite("Parsing block requests")
struct BlockRequestTests {
  private let limits = BlockRequest.Limits(
    capacity: 100 * 512, mostData: 64 * 512, mostDiscardSectors: 50, mostZeroedSectors: 40)

  private func parse(
    type: UInt32, sector: UInt64 = 0, payload: UInt64 = 0, writable: UInt64 = 0,
    range: (sector: UInt64, count: UInt32, flags: UInt32) = (0, 0, 0), _ limits: BlockRequest.Limits? = nil
  ) throws(BlockStatus) -> BlockRequest {
    let head = BlockRequest.Head(
      typeWord: 0xDEAD_BEEF << 32 | UInt64(type), sector: sector, rangeSector: range.sector,
      rangeWord: UInt64(range.flags) << 32 | UInt64(range.count))
    return try BlockRequest.parse(
      head, readable: 16 + payload, writable: writable, limits: limits ?? self.limits)
  }

  @Test func `data may end where the disk ends and not one sector later`() throws {
    #expect(try parse(type: 0, sector: 98, writable: 1024) == .read(.init(offset: 98 * 512, length: 1024)))
    #expect(try parse(type: 1, sector: 98, payload: 1024) == .write(.init(offset: 98 * 512, length: 1024)))
    #expect(throws: BlockStatus.ioError) { try parse(type: 0, sector: 99, writable: 1024) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 1, sector: 99, payload: 1024) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 0, sector: 101, writable: 0) }
  }

  @Test(arguments: [UInt64.max, UInt64.max / 512, UInt64.max / 512 + 1, 1 << 55, 1 << 63])
  func `a sector past what 64 bits of bytes can tell is refused`(sector: UInt64) {
    #expect(throws: BlockStatus.ioError) { try parse(type: 0, sector: sector, writable: 512) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 1, sector: sector, payload: 512) }
    #expect(throws: BlockStatus.ioError) {
      try parse(type: 11, payload: 16, range: (sector, 1, 0))
    }
    #expect(throws: BlockStatus.ioError) {
      try parse(type: 13, payload: 16, range: (sector, 1, 0))
    }
  }

  @Test(arguments: [1, 511, 513] as [UInt64])
  func `data of part of a sector is refused`(length: UInt64) {
    #expect(throws: BlockStatus.ioError) { try parse(type: 0, writable: length) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 1, payload: length) }
  }

  @Test func `more data than one request may move is refused`() throws {
    #expect(try parse(type: 0, writable: 64 * 512) == .read(.init(offset: 0, length: 64 * 512)))
    #expect(throws: BlockStatus.ioError) { try parse(type: 0, writable: 65 * 512) }
  }

  @Test func `a request shorter than its header is refused`() {
    for readable in UInt64(0)..<16 {
      #expect(throws: BlockStatus.ioError) {
        try BlockRequest.parse(.init(), readable: readable, writable: 512, limits: limits)
      }
    }
  }

  @Test func `nothing writes to a read-only disk`() throws {
    var limits = limits
    limits.isReadOnly = true
    limits.canDiscard = false
    #expect(throws: BlockStatus.ioError) { try parse(type: 1, payload: 512, limits) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 13, payload: 16, range: (0, 1, 0), limits) }
    #expect(throws: BlockStatus.unsupported) { try parse(type: 11, payload: 16, range: (0, 1, 0), limits) }
    #expect(try parse(type: 0, writable: 512, limits) == .read(.init(offset: 0, length: 512)))
    #expect(try parse(type: 4, limits) == .flush)
  }

  @Test(arguments: [2, 3, 5, 7, 9, 10, 12, 14, 15, 24, 0x8000_0000, 0xFFFF_FFFF] as [UInt32])
  func `types that the disk does not know are unsupported`(type: UInt32) {
    #expect(throws: BlockStatus.unsupported) { try parse(type: type, payload: 512, writable: 512) }
  }

  @Test func `discard and write zeroes take one range within their limits`() throws {
    #expect(
      try parse(type: 11, payload: 16, range: (50, 50, 0))
        == .discard(.init(offset: 50 * 512, length: 50 * 512)))
    #expect(throws: BlockStatus.ioError) { try parse(type: 11, payload: 16, range: (0, 51, 0)) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 11, payload: 16, range: (51, 50, 0)) }
    #expect(throws: BlockStatus.unsupported) { try parse(type: 11, payload: 32, range: (0, 1, 0)) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 11, payload: 15) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 11, payload: 0) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 13, payload: 16, range: (0, 41, 0)) }
    #expect(throws: BlockStatus.ioError) { try parse(type: 13, payload: 16, range: (0, .max, 0)) }
  }

  @Test func `only write zeroes has a flag, and only one`() throws {
    let extent = BlockRequest.Extent(offset: 0, length: 512)
    #expect(try parse(type: 13, payload: 16, range: (0, 1, 0)) == .writeZeroes(extent, mayUnmap: false))
    #expect(try parse(type: 13, payload: 16, range: (0, 1, 1)) == .writeZeroes(extent, mayUnmap: true))
    for flags in [2, 3, 0x8000_0000, 0xFFFF_FFFF] as [UInt32] {
      #expect(throws: BlockStatus.unsupported) { try parse(type: 13, payload: 16, range: (0, 1, flags)) }
    }
    for flags in [1, 2] as [UInt32] {
      #expect(throws: BlockStatus.unsupported) { try parse(type: 11, payload: 16, range: (0, 1, flags)) }
    }
  }

  @Test func `whatever is in a header, what is let through lies on the disk`() {
    var random = SeededRandom(seed: 52)
    for _ in 0..<100_000 {
      // Small numbers and huge ones alike.
      func number() -> UInt64 { random.next() >> UInt64.random(in: 0..<64, using: &random) }
      let head = BlockRequest.Head(
        typeWord: UInt64.random(in: 0..<16, using: &random), sector: number(), rangeSector: number(),
        rangeWord: number())
      let request = try? BlockRequest.parse(
        head, readable: number() &* 16, writable: number() &* 512, limits: limits)
      switch request {
      case .read(let extent), .write(let extent), .discard(let extent), .writeZeroes(let extent, _):
        #expect(extent.offset <= limits.capacity && extent.length <= limits.capacity - extent.offset)
      case .flush, .identify, nil: break
      }
    }
  }
}
