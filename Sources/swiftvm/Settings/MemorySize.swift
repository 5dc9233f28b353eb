/// An amount of memory as people write it: `512M`, `2G`, or a bare number of MiB.
struct MemorySize: Equatable {
  let bytes: UInt64

  init(bytes: UInt64) {
    self.bytes = bytes
  }

  /// - Parameter text: digits and at most one of K, M, G, T in either case, `iB` or `B` behind it allowed.
  init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = UInt64(digits) else { return nil }
    let shift: UInt64
    switch text.dropFirst(digits.count).lowercased() {
    case "k", "kb", "kib": shift = 10
    case "", "m", "mb", "mib": shift = 20
    case "g", "gb", "gib": shift = 30
    case "t", "tb", "tib": shift = 40
    default: return nil
    }
    guard number <= UInt64.max >> shift else { return nil }
    bytes = number << shift
  }
}

extension MemorySize: CustomStringConvertible {
  /// The shortest text that reads back as the same number of bytes, where whole KiB allow one.
  var description: String {
    for (suffix, shift) in [("T", 40), ("G", 30), ("M", 20)] as [(String, UInt64)]
    where bytes > 0 && bytes & ((1 << shift) - 1) == 0 {
      return "\(bytes >> shift)\(suffix)"
    }
    return "\(bytes >> 10)K"
  }
}
