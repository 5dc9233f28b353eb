import Testing

@testable import Devices

@Suite("the header before a frame")
struct NetHeaderTests {
  static let all: VirtioFeatures = [
    .netChecksum, .netHostTSO4, .netHostTSO6, .netHostECN, .netHostUSO,
  ]

  private func header(
    flags: UInt8 = 1, type: UInt8 = 0, size: UInt16 = 1400, start: UInt16 = 34, offset: UInt16 = 16
  ) -> NetHeader {
    NetHeader(
      flags: flags, gsoType: type, headerLength: 54, gsoSize: size, checksumStart: start,
      checksumOffset: offset, bufferCount: 7)
  }

  @Test func `twelve bytes without gaps`() {
    #expect(MemoryLayout<NetHeader>.size == NetHeader.size)
  }

  @Test func `a plain frame keeps nothing but the hint`() {
    let checked = header(flags: 0).checked([], frame: 1000)
    #expect(checked == NetHeader(headerLength: 54))
  }

  @Test func `unknown flags are ignored`() {
    #expect(header(flags: 0xFE).checked(Self.all, frame: 1000) == NetHeader(headerLength: 54))
  }

  private static let segmentations: [(UInt8, VirtioFeatures)] = [
    (1, .netHostTSO4), (4, .netHostTSO6), (5, .netHostUSO), (0x81, [.netHostTSO4, .netHostECN]),
    (0x84, [.netHostTSO6, .netHostECN]),
  ]

  @Test(arguments: segmentations)
  func `segmentation needs its feature and a checksum`(type: UInt8, features: VirtioFeatures) {
    let good = header(type: type)
    #expect(good.checked(features.union(.netChecksum), frame: 60_000)?.gsoType == type)
    #expect(good.checked(Self.all.subtracting(features), frame: 60_000) == nil)
    #expect(header(flags: 0, type: type).checked(Self.all, frame: 60_000) == nil)
    #expect(header(type: type, size: 0).checked(Self.all, frame: 60_000) == nil)
  }

  @Test(arguments: [2, 3, 0x80, 0x83, 0x85, 0x7F] as [UInt8])
  func `unknown segmentation is refused`(type: UInt8) {
    #expect(header(type: type).checked(Self.all, frame: 60_000) == nil)
  }

  @Test func `a checksum must be within the frame`() {
    #expect(header().checked(Self.all, frame: 52) != nil)
    #expect(header().checked(Self.all, frame: 51) == nil)
    #expect(header(start: .max, offset: .max).checked(Self.all, frame: 60_000) == nil)
    #expect(header().checked([], frame: 1000) == nil)
  }

  @Test func `the length of headers is cut to the frame's`() {
    #expect(header(flags: 0).checked([], frame: 20)?.headerLength == 20)
  }

  @Test func `a received frame asks only for what was agreed`() {
    func accepts(_ flags: UInt8, _ type: UInt8, _ offloads: VirtioFeatures) -> Bool {
      ReceivedHeader.isAcceptable(flags: flags, gsoType: type, offloads: offloads)
    }
    #expect(accepts(0, 0, []))
    #expect(accepts(2, 0, []))
    #expect(!accepts(1, 0, []))
    #expect(accepts(1, 0x81, [.netGuestChecksum, .netGuestTSO4]))
    #expect(!accepts(1, 4, [.netGuestChecksum, .netGuestTSO4]))
    #expect(accepts(1, 5, [.netGuestChecksum, .netGuestUSO4]))
    #expect(!accepts(1, 3, .netGuestOffloads))
  }
}
