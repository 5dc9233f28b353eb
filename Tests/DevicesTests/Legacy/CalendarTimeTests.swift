import TestSupport
import Testing

@testable import Devices

@Suite("Calendar time")
struct CalendarTimeTests {
  private static func time(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int)
    -> CalendarTime
  {
    CalendarTime(clampingYear: year, month: month, day: day, hour: hour, minute: minute, second: second)
  }

  /// Seconds as `date -u +%s` gives them, and the weekday from 1 for Sunday.
  @Test(arguments: [
    (time(1970, 1, 1, 0, 0, 0), 0, 5),
    (time(1969, 12, 31, 23, 59, 59), -1, 4),
    (time(2000, 2, 29, 12, 0, 0), 951_825_600, 3),
    (time(2024, 2, 29, 23, 59, 59), 1_709_251_199, 5),
    (time(2024, 12, 31, 0, 0, 0), 1_735_603_200, 3),
    (time(2038, 1, 19, 3, 14, 8), 2_147_483_648, 3),
    (time(2100, 3, 1, 0, 0, 0), 4_107_542_400, 2),
    (time(0, 1, 1, 0, 0, 0), -62_167_219_200, 7),
    (time(9999, 12, 31, 23, 59, 59), 253_402_300_799, 6),
  ])
  func `known moments convert both ways`(time: CalendarTime, seconds: Int64, weekday: Int) {
    #expect(time.unixSeconds == seconds)
    #expect(CalendarTime(unixSeconds: seconds) == time)
    #expect(time.weekday == weekday)
  }

  @Test func `every day of 800 years follows the one before`() {
    var weekday = 6  // The day before 1600-01-01, a Friday.
    var previous = CalendarTime(unixSeconds: -11_676_096_000 - 86_400)
    for day in 0..<292_194 as Range<Int64> {
      let seconds = -11_676_096_000 + day * 86_400
      let time = CalendarTime(unixSeconds: seconds)
      let follows =
        time.year == previous.year && time.month == previous.month && time.day == previous.day + 1
        || time.day == 1 && (time.month == previous.month + 1 || time.month == 1 && previous.month == 12)
      weekday = weekday % 7 + 1
      guard follows, time.unixSeconds == seconds, time.weekday == weekday else {
        Issue.record("\(time) after \(previous)")
        return
      }
      previous = time
    }
    #expect(previous.year == 2399)
  }

  @Test func `what is past the calendar is brought to its ends`() {
    #expect(CalendarTime(unixSeconds: .max) == Self.time(9999, 12, 31, 23, 59, 59))
    #expect(CalendarTime(unixSeconds: .min) == Self.time(0, 1, 1, 0, 0, 0))
    #expect(Self.time(99_999, 99, 99, 99, 99, 99) == Self.time(9999, 12, 31, 23, 59, 59))
    #expect(Self.time(-1, 0, 0, -1, -1, -1) == Self.time(0, 1, 1, 0, 0, 0))
    #expect(Self.time(2023, 2, 31, 0, 0, 0) == Self.time(2023, 2, 28, 0, 0, 0))
  }
}
