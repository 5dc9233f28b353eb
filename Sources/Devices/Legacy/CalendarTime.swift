/// A moment as a clock on the wall shows it: UTC, Gregorian calendar.
struct CalendarTime: Hashable, Sendable {
  /// 0 to 9999.
  var year: Int
  /// 1 to 12.
  var month: Int
  /// 1 to the month's last.
  var day: Int
  /// 0 to 23.
  var hour: Int
  /// 0 to 59.
  var minute: Int
  /// 0 to 59.
  var second: Int

  static let secondsPerDay: Int64 = 86_400

  /// From numbers that may be anything: each is brought into its range.
  init(clampingYear year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
    self.year = min(max(year, 0), 9999)
    self.month = min(max(month, 1), 12)
    self.day = min(max(day, 1), Self.days(inMonth: self.month, of: self.year))
    self.hour = min(max(hour, 0), 23)
    self.minute = min(max(minute, 0), 59)
    self.second = min(max(second, 0), 59)
  }

  /// From seconds since 1970-01-01T00:00:00Z; past the years 0 to 9999 the nearest there is.
  init(unixSeconds: Int64) {
    let first = Self.daysBefore(year: 0) * Self.secondsPerDay
    let last = Self.daysBefore(year: 10_000) * Self.secondsPerDay - 1
    let seconds = min(max(unixSeconds, first), last) - first
    var day = Int(seconds / Self.secondsPerDay)
    let time = Int(seconds % Self.secondsPerDay)
    // The calendar repeats every 400 years; inside, the estimate is at most one year too late.
    let cycle = day / 146_097
    day %= 146_097
    var year = day / 365
    if Self.leapDays(before: year) + year * 365 > day { year -= 1 }
    day -= Self.leapDays(before: year) + year * 365
    self.year = cycle * 400 + year
    month = 1
    while day >= Self.days(inMonth: month, of: year) {
      day -= Self.days(inMonth: month, of: year)
      month += 1
    }
    self.day = day + 1
    hour = time / 3600
    minute = time / 60 % 60
    second = time % 60
  }

  /// Seconds since 1970-01-01T00:00:00Z.
  var unixSeconds: Int64 {
    var days = Self.daysBefore(year: year) + Int64(day - 1)
    for earlier in 1..<month { days += Int64(Self.days(inMonth: earlier, of: year)) }
    return days * Self.secondsPerDay + Int64(hour * 3600 + minute * 60 + second)
  }

  /// 1 (Sunday) to 7.
  var weekday: Int {
    // 1970-01-01 was a Thursday, 5; 4,000 years of whole weeks keep the dividend positive.
    let days = unixSeconds / Self.secondsPerDay - (unixSeconds % Self.secondsPerDay < 0 ? 1 : 0)
    return Int((days + 7 * 52 * 4000 + 4) % 7) + 1
  }

  private static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Leap days in the years 0 to `year` - 1; year 0 is one.
  private static func leapDays(before year: Int) -> Int {
    year == 0 ? 0 : (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1
  }

  /// Days from 1970-01-01 to the first of `year`; negative before.
  private static func daysBefore(year: Int) -> Int64 {
    Int64(year * 365 + leapDays(before: year)) - 719_528
  }
}
