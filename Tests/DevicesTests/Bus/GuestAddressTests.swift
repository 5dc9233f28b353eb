import Devices
import Testing

@Suite("Guest addresses and ranges")
struct GuestAddressTests {
  @Test func `an address goes on by a distance unless the space ends before`() {
    #expect(GuestAddress(0x1000).advanced(by: 0x234) == 0x1234)
    #expect(GuestAddress(.max - 1).advanced(by: 1) == GuestAddress(.max))
    #expect(GuestAddress(.max - 1).advanced(by: 2) == nil)
    #expect(GuestAddress(.max).advanced(by: .max) == nil)
  }

  @Test func `addresses are ordered and shown as hexadecimal numbers`() {
    #expect(GuestAddress(1) < 2)
    #expect("\(GuestAddress(0xFEC0_0000))" == "0xfec00000")
  }

  @Test func `a range contains what lies inside it whole`() {
    let range = GuestRange(base: 0x100, size: 0x100)
    #expect(range.last == 0x1FF)
    #expect(range.contains(range))
    #expect(range.contains(GuestRange(base: 0x1FF, size: 1)))
    #expect(!range.contains(GuestRange(base: 0x1FF, size: 2)))
    #expect(!range.contains(GuestRange(base: 0xFF, size: 2)))
  }

  @Test func `ranges overlap from the first shared byte on`() {
    let range = GuestRange(base: 0x100, size: 0x100)
    #expect(range.overlaps(GuestRange(base: 0x1FF, size: 1)))
    #expect(range.overlaps(GuestRange(base: 0, size: 0x101)))
    #expect(range.overlaps(GuestRange(base: 0, size: .max)))
    #expect(!range.overlaps(GuestRange(base: 0x200, size: 1)))
    #expect(!range.overlaps(GuestRange(base: 0, size: 0x100)))
  }

  @Test func `a range may end with the space`() {
    let range = GuestRange(base: GuestAddress(.max), size: 1)
    #expect(range.last == GuestAddress(.max))
  }
}
