/// The value of `--debug-exit`: a port, decimal or hexadecimal.
enum DebugExitOption {
  static func port(_ text: String) throws(Failure) -> UInt16 {
    let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : nil
    guard let port = digits.map({ UInt16($0, radix: 16) }) ?? UInt16(text) else {
      throw Failure(
        .usage, "--debug-exit \(text): not a port", hint: "write 0xf4 or 244; ports end at 0xffff")
    }
    return port
  }

  static func text(_ port: UInt16) -> String { "0x" + String(port, radix: 16) }
}
