extension CMOS {
  /// The first second after `second` at which the alarm goes off, within a day: nil when an alarm
  /// register holds no time and is no wildcard.
  ///
  /// A register with both upper bits set matches anything (data sheet, "Time of day alarm").
  public func nextAlarm(after second: Int64) -> Int64? {
    guard
      let seconds = alarmField(Register.secondsAlarm, decode: { $0 < 60 ? $0 : nil }),
      let minutes = alarmField(Register.minutesAlarm, decode: { $0 < 60 ? $0 : nil }),
      let hours = alarmHour
    else { return nil }

    // Forward to the next matching second, then minute, then hour; where a larger unit has to move,
    // the smaller ones that match anything start over.
    let first = second &+ 1
    var time = first.flooredRemainder(CalendarTime.secondsPerDay)
    let midnight = first &- time
    if case .at(let wanted) = seconds {
      time += (wanted - time % 60 + 60) % 60
    }
    if case .at(let wanted) = minutes, time / 60 % 60 != wanted {
      time += (wanted - time / 60 % 60 + 60) % 60 * 60
      if case .any = seconds { time -= time % 60 }
    }
    if case .at(let wanted) = hours, time / 3600 % 24 != wanted {
      time += (wanted - time / 3600 % 24 + 24) % 24 * 3600
      if case .any = seconds { time -= time % 60 }
      if case .any = minutes { time -= time / 60 % 60 * 60 }
    }
    return midnight &+ time
  }

  /// When the host's time is that at which an enabled interrupt will rise next: nil when none will
  /// before the guest has done something.
  public var deadline: Int64? {
    guard !isHalted, !interruptOutput else { return nil }
    var next: Int64?
    if statusB.contains(.alarmInterrupt) { next = nextAlarm(after: lastUpdate) }
    if statusB.contains(.updateInterrupt) { next = lastUpdate &+ 1 }
    guard let next else { return nil }
    return (next &- offsetSeconds) &* Self.nanosecondsPerSecond &- offsetNanoseconds
  }

  private enum AlarmField {
    case any
    case at(Int64)
  }

  private func alarmField(_ register: UInt8, decode: (Int) -> Int?) -> AlarmField? {
    let byte = bytes[Int(register)]
    if byte >= 0xC0 { return .any }
    return decode(decoded(byte)).map { .at(Int64($0)) }
  }

  private var alarmHour: AlarmField? {
    let byte = bytes[Int(Register.hoursAlarm)]
    if byte >= 0xC0 { return .any }
    return decodedHour(byte).map { .at(Int64($0)) }
  }
}
