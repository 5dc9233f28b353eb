extension CMOS {
  /// The registers' places (data sheet MC146818A, "Address map"), and the PC's century byte.
  enum Register {
    static let seconds: UInt8 = 0x00
    static let secondsAlarm: UInt8 = 0x01
    static let minutes: UInt8 = 0x02
    static let minutesAlarm: UInt8 = 0x03
    static let hours: UInt8 = 0x04
    static let hoursAlarm: UInt8 = 0x05
    static let weekday: UInt8 = 0x06
    static let day: UInt8 = 0x07
    static let month: UInt8 = 0x08
    static let year: UInt8 = 0x09
    static let a: UInt8 = 0x0A
    static let b: UInt8 = 0x0B
    static let c: UInt8 = 0x0C
    static let d: UInt8 = 0x0D
    static let century: UInt8 = 0x32

    static func isTime(_ register: UInt8) -> Bool {
      switch register {
      case seconds, minutes, hours, weekday, day, month, year, century: true
      default: false
      }
    }
  }

  /// Register B. The periodic interrupt (bit 6), the square wave (3) and daylight saving (0) do nothing.
  struct StatusB: OptionSet, Sendable {
    let rawValue: UInt8
    static let hours24 = Self(rawValue: 1 << 1)
    static let binary = Self(rawValue: 1 << 2)
    static let updateInterrupt = Self(rawValue: 1 << 4)
    static let alarmInterrupt = Self(rawValue: 1 << 5)
    static let hold = Self(rawValue: 1 << 7)
  }

  /// Register C.
  struct StatusC: OptionSet, Sendable {
    let rawValue: UInt8
    static let updateEnded = Self(rawValue: 1 << 4)
    static let alarm = Self(rawValue: 1 << 5)
    static let requested = Self(rawValue: 1 << 7)
  }

  /// How a time register shows `time`.
  func encoded(_ time: CalendarTime, _ register: UInt8) -> UInt8 {
    switch register {
    case Register.seconds: encoded(time.second)
    case Register.minutes: encoded(time.minute)
    case Register.hours: encodedHour(time.hour)
    case Register.weekday: encoded(time.weekday)
    case Register.day: encoded(time.day)
    case Register.month: encoded(time.month)
    case Register.year: encoded(time.year % 100)
    default: encoded(time.year / 100)
    }
  }

  /// A number from 0 to 99 in the mode of register B, BCD or binary.
  func encoded(_ number: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: statusB.contains(.binary) ? number : number / 10 * 16 + number % 10)
  }

  /// An hour in the modes of register B; with 12 hours bit 7 says afternoon, and midnight is 12.
  func encodedHour(_ hour: Int) -> UInt8 {
    if statusB.contains(.hours24) { return encoded(hour) }
    return encoded(hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? 0x80 : 0)
  }

  /// What a register's byte stands for, 0 to 255.
  func decoded(_ byte: UInt8) -> Int {
    statusB.contains(.binary) ? Int(byte) : Int(byte >> 4) * 10 + Int(byte & 0x0F)
  }

  /// The hour that a register's byte stands for, or nil for none of a day.
  func decodedHour(_ byte: UInt8) -> Int? {
    if statusB.contains(.hours24) {
      let hour = decoded(byte)
      return hour < 24 ? hour : nil
    }
    let hour = decoded(byte & 0x7F)
    guard 1...12 ~= hour else { return nil }
    return hour % 12 + (byte & 0x80 != 0 ? 12 : 0)
  }
}

extension Int64 {
  /// The quotient rounded down. `divisor` is positive.
  func flooredQuotient(_ divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// What `flooredQuotient` leaves, 0..<divisor.
  func flooredRemainder(_ divisor: Int64) -> Int64 {
    let remainder = self % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }
}
