internal import Hypervisor

extension MachinePlan {
  /// Checks what no machine depends on: that the wishes go together. The machine itself is checked against the host.
  func check() throws(Failure) {
    guard image != nil else {
      throw Failure(
        .usage, "no kernel given", hint: "give one with -k FILE, or a boot sector with --flat FILE")
    }
    guard serial != .stdio || console != .stdio else {
      throw Failure(
        .usage, "both --serial and --console are to be standard input and output",
        hint: "lead one of them elsewhere: --serial null, or file=PATH")
    }
    try FirmwareFile.check(firmwareFiles)
    do throws(DiskWishError) {
      try DiskWish.check(disks)
    } catch {
      throw Failure(.usage, error.description, hint: error.hint)
    }
    do throws(CardError) {
      for (index, card) in cards.enumerated() { try card.check(after: cards[..<index]) }
    } catch {
      throw Failure(.usage, "--net: \(error)", hint: error.hint)
    }
    try checkInstruments()
  }

  private func checkInstruments() throws(Failure) {
    if let traceLimit {
      guard traceLimit >= Self.leastTrace else {
        throw Failure(
          .usage, "a trace of at most \(traceLimit) bytes has room for no event",
          hint: "give more with --trace-limit, such as 64M; a bare number counts MiB")
      }
      guard trace != nil else {
        throw Failure(.usage, "--trace-limit without --trace", hint: "say where the trace goes: --trace FILE")
      }
    }
    guard debugger != nil || !waitsForDebugger else {
      throw Failure(
        .usage, "--gdb-wait without --gdb", hint: "say where gdb connects: --gdb 1234, or --gdb unix=PATH")
    }
  }

  /// Bytes of a trace in which there is something to see.
  private static let leastTrace: UInt64 = 4096
}
