import Testing

@testable import Hypervisor

struct SegmentDescriptorTests {
  /// Descriptors that Linux and firmware use for the same segments.
  @Test(
    arguments: [
      (SegmentDescriptor.code64, 0x00AF_9B00_0000_FFFF),
      (SegmentDescriptor.code32, 0x00CF_9B00_0000_FFFF),
      (SegmentDescriptor.data, 0x00CF_9300_0000_FFFF),
      (SegmentDescriptor.task, 0x0000_8B00_0000_0067),
    ] as [(SegmentDescriptor, UInt64)])
  func `the usual segments have their usual encodings`(segment: SegmentDescriptor, encoded: UInt64) {
    #expect(segment.encoded == encoded)
  }

  @Test func `base and limit are spread over the descriptor`() {
    let segment = SegmentDescriptor(
      base: 0x1234_5678, limit: 0x9_ABCD, type: 2, isSystem: false, privilege: 3, isLong: false,
      is32Bit: false, isPageGranular: false)
    #expect(segment.encoded == 0x1209_F234_5678_ABCD)
  }
}
