public import Devices

/// A disk as a person asked for it.
public struct DiskConfiguration: Hashable, Sendable {
  /// How the host's file is read and written.
  public enum Access: String, Hashable, Sendable, CaseIterable {
    /// io_uring where the host has it, else threads.
    case auto
    case uring
    case threads
  }

  public var path: String
  public var isReadOnly = false
  /// What the guest sees as serial number.
  public var serial: String?
  public var queues = 1
  public var cache = DiskCache.writeback
  public var access = Access.auto
  /// Whether the guest may give blocks back.
  public var canDiscard = true
  /// A name of one's own, for messages; the serial number where none is given.
  public var id: String?
  /// Whether the file is taken as it is, even where it looks like an image of another format.
  public var isForcedRaw = false

  public init(path: String) {
    self.path = path
  }

  /// Queues that one disk has at most; each has a thread.
  public static let mostQueues = 64
  /// Bytes of a serial number, as virtio has room for.
  public static let longestSerial = 20

  /// Whether a machine can have these, as far as that can be told without opening them.
  public static func check(_ disks: [DiskConfiguration]) throws(ConfigurationError) {
    var ids: Set<String> = []
    for disk in disks {
      guard (1...mostQueues).contains(disk.queues) else { throw .disk(.queues(disk.path, disk.queues)) }
      if let id = disk.id, !ids.insert(id).inserted { throw .disk(.idGivenTwice(id)) }
      let isPrintable = disk.identity.utf8.allSatisfy { (0x20...0x7E).contains($0) }
      guard isPrintable, disk.identity.utf8.count <= longestSerial else {
        throw .disk(.serial(disk.path, disk.identity))
      }
    }
  }

  /// What the guest is told by GET_ID.
  public var identity: String { serial ?? id ?? "" }
}

/// A disk that cannot be had.
public enum DiskConfigurationError: Error, Hashable, Sendable {
  /// Of the disk at a path.
  case queues(String, Int)
  case idGivenTwice(String)
  /// Of the disk at a path: too long, or not ASCII.
  case serial(String, String)
}

extension DiskConfigurationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .queues(let path, let count): "disk \(path): \(count) queues"
    case .idGivenTwice(let id): "two disks are called \"\(id)\""
    case .serial(let path, let serial): "disk \(path): \"\(serial)\" cannot be its serial number"
    }
  }

  /// What to do next.
  public var hint: String? {
    switch self {
    case .queues: "give queues=1 to queues=\(DiskConfiguration.mostQueues); one for each vCPU is plenty"
    case .idGivenTwice: "each id names one disk"
    case .serial:
      "a serial (or an id without one) is ASCII text of at most \(DiskConfiguration.longestSerial) bytes"
    }
  }
}

/// A disk, opened, that machines use one after the other.
public struct AttachedDisk: Sendable {
  let backend: any Disk
  let identity: String
  let queues: Int
  /// Tells what becomes of its requests.
  public let monitor: DiskMonitor

  public init(_ backend: any Disk, for configuration: DiskConfiguration, monitor: DiskMonitor) {
    self.backend = backend
    identity = configuration.identity
    queues = configuration.queues
    self.monitor = monitor
  }
}
