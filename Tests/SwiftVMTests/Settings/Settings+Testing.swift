import Testing

@testable import swiftvm

extension Setting: CustomTestStringConvertible {
  public var testDescription: String { key }
}

extension SettingValue: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral
{
  init(stringLiteral text: String) { self = .text(text) }
  init(arrayLiteral texts: String...) { self = .list(texts) }
  init(booleanLiteral isOn: Bool) { self = .flag(isOn) }
  init(integerLiteral number: UInt64) { self = .number(number) }
}

extension MachineSettings: ExpressibleByDictionaryLiteral {
  init(dictionaryLiteral pairs: (String, SettingValue)...) {
    self.init()
    for (key, value) in pairs { self[key] = value }
  }
}
