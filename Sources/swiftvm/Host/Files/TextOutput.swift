internal import CLinux

/// Many lines for standard output, written in large pieces.
struct TextOutput: ~Copyable {
  private var pending: [UInt8] = []
  private static let chunk = 1 << 16

  init() {}

  /// - Returns: false once nobody reads any more.
  mutating func line(_ text: String) -> Bool {
    pending += text.utf8
    pending.append(UInt8(ascii: "\n"))
    return pending.count < Self.chunk || flush()
  }

  mutating func flush() -> Bool {
    var rest = pending[...]
    pending = []
    while !rest.isEmpty {
      // The slice is as long as told.
      let count = unsafe rest.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, clinux_errno() == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
