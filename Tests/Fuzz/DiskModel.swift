/// What a disk is to its driver (virtio 1.2 section 5.2.6), as simply as it can be said.
struct DiskModel {
  static let capacity: UInt64 = 32 << 10

  /// A request as its driver sees it.
  struct Request {
    var type: UInt32
    var sector: UInt64
    /// What follows the header.
    var payload: [UInt8]
    /// Bytes that the device may write, the status the last of them.
    var answer: UInt32
    /// Where the header ends too early.
    var cut: Int?

    /// All that the device may read.
    var bytes: [UInt8] {
      let header =
        (0..<4).map { UInt8(truncatingIfNeeded: type >> (8 * $0)) } + [0, 0, 0, 0]
        + (0..<8).map { UInt8(truncatingIfNeeded: sector >> (8 * $0)) }
      return cut.map { Array(header[..<$0]) } ?? header + payload
    }

    var summary: String {
      "type \(type), sector \(sector), \(payload.count) bytes after the header, \(answer) to write"
    }
  }

  var bytes = [UInt8](repeating: 0, count: Int(capacity))
  let isReadOnly: Bool

  init(isReadOnly: Bool) {
    self.isReadOnly = isReadOnly
  }

  /// Does a request.
  ///
  /// - Parameter length: bytes that it may write before the status.
  /// - Returns: the first of those that are the answer; nil where the request is to be refused.
  mutating func perform(_ request: Request, dataLength length: Int) -> [UInt8]? {
    guard request.cut == nil else { return nil }
    switch request.type {
    case 4: return []
    case 8: return Array((Array("fuzz".utf8) + Array(repeating: 0, count: 16)).prefix(length))
    default: break
    }
    guard let place = place(of: request, dataLength: length) else { return nil }
    switch request.type {
    case 0: return Array(bytes[place])
    case 1: bytes.replaceSubrange(place, with: request.payload)
    default: bytes.replaceSubrange(place, with: Array(repeating: 0, count: place.count))
    }
    return []
  }

  /// The bytes of the disk that a request reads, writes or clears; nil where there are none, or it is to be refused.
  func place(of request: Request, dataLength length: Int) -> Range<Int>? {
    let payload = request.payload
    switch request.type {
    case _ where request.cut != nil: return nil
    case 0: return place(request.sector, length)
    case 1 where !isReadOnly: return place(request.sector, payload.count)
    case 11 where !isReadOnly && payload.count == 16, 13 where !isReadOnly && payload.count == 16:
      let flags = number(payload[12..<16])
      guard flags == 0 || (request.type == 13 && flags == 1) else { return nil }
      return place(number(payload[0..<8]), 512 * Int(number(payload[8..<12])))
    default: return nil
    }
  }

  private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Whole sectors of the disk.
  private func place(_ sector: UInt64, _ length: Int) -> Range<Int>? {
    guard sector <= Self.capacity / 512, length % 512 == 0 else { return nil }
    let start = Int(sector) * 512
    return start + length <= bytes.count ? start..<start + length : nil
  }
}
