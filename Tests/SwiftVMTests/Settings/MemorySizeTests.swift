import Testing

@testable import swiftvm

struct MemorySizeTests {
  @Test(
    arguments: [
      ("512M", 512 << 20), ("2G", 2 << 30), ("256", 256 << 20), ("1T", 1 << 40), ("64k", 64 << 10),
      ("512MiB", 512 << 20), ("2gb", 2 << 30), ("0", 0), ("16777215T", UInt64.max << 40),
    ] as [(String, UInt64)])
  func `an amount is digits and a unit, MiB where there is none`(text: String, bytes: UInt64) {
    #expect(MemorySize(text)?.bytes == bytes)
  }

  @Test(arguments: [
    "", "M", "lots", "-1", "-512M", "+5", "1.5G", "1,5G", "5 M", " 5M", "5M ", "0x10", "5X", "5MM", "٥M",
    "16777216T", "18446744073709551615", "99999999999999999999999",
  ])
  func `anything else is no amount`(text: String) {
    #expect(MemorySize(text) == nil)
  }

  @Test(arguments: ["1G", "1536M", "3T", "640K", "1025K"])
  func `an amount is written in the largest unit that loses nothing`(text: String) {
    #expect(MemorySize(text).map { "\($0)" } == text)
  }

  @Test func `nothing is written as a number that reads back`() {
    #expect(MemorySize("\(MemorySize(bytes: 0))")?.bytes == 0)
  }
}
