import Devices
import Testing

@testable import Hypervisor

/// Images of which a byte or several are wrong: they load or are refused, and nothing else happens.
struct HeaderMutationTests {
  /// A fixed sequence (xorshift64), so that a failure comes again.
  struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  /// Bytes that sizes and addresses break at.
  static let telling: [UInt8] = [0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF]

  /// Loads `image` with bytes changed in `range`, many times over; gives how often it was refused.
  static func refusals(of image: [UInt8], in range: Range<Int>, seed: UInt64) throws -> Int {
    var numbers = Numbers(state: seed)
    let map = MemoryMap(mebibytes: 64)
    let memory = try GuestMemory(map.ram)
    var refused = 0
    for _ in 0..<1000 {
      var bytes = image
      for _ in 0..<Int.random(in: 1...8, using: &numbers) {
        let offset = Int.random(in: range, using: &numbers)
        bytes[offset] =
          Bool.random(using: &numbers)
          ? Self.telling[Int.random(in: 0..<Self.telling.count, using: &numbers)]
          : UInt8.random(in: 0...255, using: &numbers)
      }
      if Int.random(in: 0..<8, using: &numbers) == 0 {
        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &numbers))
      }
      let error = try thrown(BootError.self) {
        try BootLoaderTests.load(bytes, initrd: [1], into: memory)
      }
      if let error {
        refused += 1
        #expect(!error.description.isEmpty)
      }
    }
    return refused
  }

  @Test func `no bzImage header makes the loader trap`() throws {
    let image = BzImageBuilder(kernelParagraphs: 4, payloadOffset: 0, payloadLength: 0).bytes
    let refused = try Self.refusals(of: image, in: 0x1F1..<0x26C, seed: 1)
    #expect((1..<1000).contains(refused))
  }

  @Test func `no ELF header makes the loader trap`() throws {
    var builder = ELFBuilder()
    builder.segments.append(ELFBuilder.notes(content: [0, 0, 0x20, 0]))
    let image = builder.bytes
    let refused = try Self.refusals(of: image, in: 0..<image.count, seed: 2)
    #expect((1..<1000).contains(refused))
  }

  @Test func `no Multiboot header makes the loader trap`() throws {
    let raw = try Self.refusals(of: MultibootBuilder.raw(), in: 0..<96, seed: 4)
    #expect((1..<1000).contains(raw))
    let image = MultibootBuilder().bytes
    let refused = try Self.refusals(of: image, in: 0..<image.count, seed: 5)
    #expect((1..<1000).contains(refused))
  }

  @Test func `no EFI application makes the loader trap`() throws {
    let image = KernelImageTests.portableExecutable(sections: [".text", ".linux"])
    let refused = try Self.refusals(of: image, in: 0..<0x200, seed: 3)
    #expect(refused == 1000)
  }
}
