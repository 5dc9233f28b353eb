import Testing

@testable import swiftvm

struct DoubleDecimalTests {
  @Test(arguments: [
    (0, 3, "0.000"), (1.0005, 2, "1.00"), (1.005001, 2, "1.01"), (-2.5, 1, "-2.5"), (99.999, 1, "100.0"),
    (1234.5, 0, "1235"), (-0.001, 1, "0.0"), (.nan, 1, "-"), (.infinity, 0, "-"),
  ])
  func `numbers have as many digits as asked for`(value: Double, digits: Int, text: String) {
    #expect(value.decimal(digits) == text)
  }
}
