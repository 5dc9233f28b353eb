internal import Devices

/// Guest memory as a debugger sees it: by virtual or physical address, without the breakpoints that were set.
struct DebugMemory {
  private let memory: GuestMemory
  private(set) var breakpoints = SoftwareBreakpoints()

  /// Bytes of a page, the smallest that any mode of paging has.
  private static let page: UInt64 = 4096

  /// From a virtual address to the physical one behind it, or nil where none is mapped.
  typealias Translation = (UInt64) -> GuestAddress?

  init(_ memory: GuestMemory) {
    self.memory = memory
  }

  /// Reads at most `count` bytes, page by page: as many as there are without a gap.
  func read(_ count: Int, at address: UInt64, _ translate: Translation) -> [UInt8] {
    var result: [UInt8] = []
    while result.count < count {
      let next = address &+ UInt64(result.count)
      guard let place = translate(next),
        var bytes = try? memory.readBytes(Self.run(from: next, atMost: count - result.count), at: place)
      else { break }
      breakpoints.hide(in: &bytes, at: place)
      result += bytes
    }
    return result
  }

  /// Writes all of `bytes`, or nothing where there is a gap.
  mutating func write(_ bytes: [UInt8], at address: UInt64, _ translate: Translation) -> Bool {
    var pieces: [(place: GuestAddress, bytes: [UInt8])] = []
    var done = 0
    while done < bytes.count {
      let next = address &+ UInt64(done)
      let count = Self.run(from: next, atMost: bytes.count - done)
      // Reading tells whether there is memory.
      guard let place = translate(next), (try? memory.readBytes(count, at: place)) != nil else {
        return false
      }
      pieces.append((place, Array(bytes[done..<(done + count)])))
      done += count
    }
    for var piece in pieces {
      breakpoints.absorb(&piece.bytes, at: piece.place)
      try? memory.write(bytes: piece.bytes, at: piece.place)
    }
    return true
  }

  /// The bytes at these places; nil where there is no memory.
  func values(at places: [GuestAddress]) -> [UInt8?] {
    places.map { try? memory.read(UInt8.self, at: $0) }
  }

  /// - Returns: false where there are too many, or there is no memory.
  mutating func insertBreakpoint(for owner: UInt64, at place: GuestAddress) -> Bool {
    breakpoints.insert(for: owner, at: place, in: memory)
  }

  mutating func removeBreakpoint(for owner: UInt64) {
    breakpoints.remove(for: owner, from: memory)
  }

  mutating func removeAllBreakpoints() {
    breakpoints.removeAll(from: memory)
  }

  /// Bytes from `address` to the end of its page, at most `limit`.
  private static func run(from address: UInt64, atMost limit: Int) -> Int {
    min(limit, Int(page - address % page))
  }
}
