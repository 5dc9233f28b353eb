/// A number as it is written in manuals: hexadecimal, with as many digits as its type has.
public struct Hex<Value: FixedWidthInteger & UnsignedInteger>: CustomStringConvertible {
  public let value: Value

  public init(_ value: Value) {
    self.value = value
  }

  public var description: String {
    var text = ""
    var shift = Value.bitWidth
    while shift > 0 {
      shift -= 4
      let digit = UInt8(truncatingIfNeeded: value >> Value(shift)) & 15
      text.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 48 + digit : 87 + digit))
    }
    return text
  }
}
