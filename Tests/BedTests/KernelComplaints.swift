/// What a guest's kernel logged as a warning or worse (the verb `info` prints it), but for what the
/// bed itself causes.
enum KernelComplaints {
  /// Beginnings of messages taken for the bed's doing. Guests of QEMU in L1 logged all of them but
  /// those that depend on how time runs.
  private static let ofTheBed = [
    // Time runs unevenly under emulation, and the kernel's watchdog sees it.
    "clocksource: ",
    "Unstable clock detected, switching default tracing clock to",
    "If you want to keep using the local clock, then add:",
    "  \"trace_clock=local\"",
    "on the kernel command line",
    // A handler took long: the emulation was held up in the midst of it.
    "hrtimer: interrupt took ",
    // CPUID leaf 0xD shows the size for the XCR0 of the reset, not for the guest's. QEMU's microvm and pc
    // in L1 make the kernel warn of it in the same words, and print the leaf.
    "XSAVE consistency problem: ",
    "CPUID[0d, ",
  ]

  static func unexplained(in transcript: Transcript) -> [String] {
    let messages = transcript.lines(after: "dmesg: ").map {
      String($0.replacing(#/^\[ *[0-9.]+\] /#, with: ""))
    }
    return withoutTraces(messages).filter { message in !ofTheBed.contains { message.hasPrefix($0) } }
  }

  /// Leaves of each warning with a call trace only what it is about.
  private static func withoutTraces(_ messages: [String]) -> [String] {
    var kept: [String] = []
    var lineOfTrace: Int?
    for message in messages {
      if message.hasPrefix("------------[ cut here ]") {
        lineOfTrace = 0
      } else if message.hasPrefix("---[ end trace") {
        lineOfTrace = nil
      } else if let line = lineOfTrace {
        if line == 0 { kept.append(message) }
        lineOfTrace = line + 1
      } else {
        kept.append(message)
      }
    }
    return kept
  }
}
