internal import CLinux
import TestSupport
import Testing

@testable import Devices

/// The ways in which a file becomes a disk; each passes the same tests.
enum DiskBackend: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case threads
  case ring
  case memory

  var testDescription: String { rawValue }

  /// Those that this host allows.
  static var allowed: [DiskBackend] { clinux_probe_io_uring() == 0 ? allCases : [.threads, .memory] }

  func open(
    _ file: TemporaryFile, isReadOnly: Bool = false, canDiscard: Bool = true, cache: DiskCache = .writeback
  ) throws -> any Disk {
    let flags = (isReadOnly ? O_RDONLY : O_RDWR) | (cache == .none ? clinux_direct_flag() : 0)
    return try make(
      ThreadedDisk(file.open(flags), isReadOnly: isReadOnly, canDiscard: canDiscard, cache: cache))
  }

  func make(_ disk: ThreadedDisk) throws -> any Disk {
    switch self {
    case .threads: return disk
    case .ring: return try RingDisk(disk)
    case .memory: return MemoryDisk(disk)
    }
  }
}
