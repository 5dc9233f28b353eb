extension CMOS {
  /// The first second after `second` at which the alarm goes off, within a day: nil when an alarm
  /// register holds no time and is no wildcard.
  ///
  /// A register with both upper bits set matches anything (data sheet, "Time of day alarm").
  public func nextAlarm(after second: Int64) -> Int64? {
    guard
      let seconds = alarm(Register.secondsAlarm),
      let minutes = alarm(Register.minutesAlarm),
      let hours = alarm(Register.hoursAlarm)
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

  /// What an alarm register waits for: nil for a byte that the time register beside it never shows.
  private func alarm(_ register: UInt8) -> AlarmField? {
    let byte = bytes[Int(register)]
    if byte >= 0xC0 { return .any }
    if register == Register.hoursAlarm {
      guard let hour = decodedHour(byte), encodedHour(hour) == byte else { return nil }
      return .at(Int64(hour))
    }
    let number = decoded(byte)
    guard number < 60, encoded(number) == byte else { return nil }
    return .at(Int64(number))
  }
}
