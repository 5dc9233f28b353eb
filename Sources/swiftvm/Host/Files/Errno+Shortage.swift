internal import SystemPackage

extension Errno {
  /// Whether the host has run out of something, or a limit is set too low: not the caller's mistake.
  var isShortage: Bool { shortageHint != nil }

  var shortageHint: String? {
    switch self {
    case .tooManyOpenFiles: "raise the hard limit of open files (`ulimit -n`, or LimitNOFILE= of a unit)"
    case .tooManyOpenFilesInSystem: "the host is out of descriptors: end something, or raise fs.file-max"
    case .resourceTemporarilyUnavailable: "no thread could be made: raise `ulimit -u`, or `ulimit -v`"
    case .noMemory: "free memory on the host, or raise `ulimit -v`"
    default: nil
    }
  }
}
