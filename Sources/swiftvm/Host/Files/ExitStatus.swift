/// What the process tells its caller. The manual page documents the numbers.
enum ExitStatus: Int32, CaseIterable {
  /// The guest powered off, or somebody asked for the end.
  case ended = 0
  /// swiftvm itself failed.
  case internalError = 1
  /// Arguments, configuration or the files that they name are wrong.
  case usage = 2
  /// The guest cannot go on, or its kernel panicked.
  case guestCrashed = 3
  /// This host cannot run the machine: no KVM, not enough memory, descriptors or threads.
  case hostNotAble = 4

  /// What the manual page says of it.
  var meaning: String {
    switch self {
    case .ended: "the guest powered off, reset under `--on-reboot exit`, or somebody asked for the end"
    case .internalError: "swiftvm itself failed"
    case .usage: "arguments, configuration or the files that they name are wrong"
    case .guestCrashed:
      """
      the guest crashed: a report with its registers is on standard error; or its kernel panicked, which the driver \
      pvpanic tells, under `--on-reboot exit`, while it was to power off, or three times soon after its start
      """
    case .hostNotAble:
      "this host cannot run the machine; `doctor` ends so where a stock kernel cannot be booted"
    }
  }
}

/// An error as a person sees it.
struct Failure: Error, Equatable {
  let status: ExitStatus
  /// What failed, on which object.
  let message: String
  /// What to do next.
  let hint: String?

  init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
    self.status = status
    self.message = message
    self.hint = hint
  }

  /// Nobody wants any more what was begun.
  static let cancelled = Failure(.ended, "ended as asked")
}
