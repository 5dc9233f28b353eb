/// What the process tells its caller. README.md documents the numbers.
enum ExitStatus: Int32 {
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
}
