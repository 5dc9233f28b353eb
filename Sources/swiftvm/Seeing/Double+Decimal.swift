extension Double {
  /// With so many digits behind the point; "-" where there is no number, or one too large to be of use.
  func decimal(_ digits: Int) -> String {
    guard isFinite, magnitude < 1e15 else { return "-" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = Int((magnitude * scale).rounded())
    let sign = self < 0 && rounded != 0 ? "-" : ""
    guard digits > 0 else { return sign + String(rounded) }
    let fraction = String(rounded % Int(scale))
    return sign + String(rounded / Int(scale)) + "." + String(repeating: "0", count: digits - fraction.count)
      + fraction
  }
}
