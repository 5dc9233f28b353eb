/// Where a function sits on bus 0.
public struct PCIAddress: Hashable, Sendable {
  /// 0 to 31.
  public let device: UInt8
  /// 0 to 7.
  public let function: UInt8

  /// Nil where a number is out of range.
  public init?(device: UInt8, function: UInt8 = 0) {
    guard device < 32, function < 8 else { return nil }
    self.device = device
    self.function = function
  }

  /// 0 to 255, as routing ids count functions on one bus.
  var index: Int { Int(device) << 3 | Int(function) }
}

extension PCIAddress: CustomStringConvertible {
  /// As lspci writes it: `00:02.0`.
  public var description: String {
    let digits = String(device, radix: 16)
    return "00:" + (digits.count < 2 ? "0" : "") + digits + ".\(function)"
  }
}
