internal import Devices
internal import Hypervisor

/// A disk as a person asked for it.
struct DiskWish: Hashable, Sendable {
  /// How the host's file is read and written.
  enum Access: String, Hashable, Sendable, CaseIterable {
    /// io_uring where the host has it, else threads.
    case auto
    case uring
    case threads
  }

  var path: String
  var isReadOnly = false
  /// What the guest sees as serial number.
  var serial: String?
  var queues = 1
  var cache = DiskCache.writeback
  var access = Access.auto
  /// Whether the guest may give blocks back.
  var canDiscard = true
  /// A name of one's own, for messages; the serial number where none is given.
  var id: String?
  /// Whether the file is taken as it is, even where it looks like an image of another format.
  var isForcedRaw = false

  init(path: String) {
    self.path = path
  }

  /// Whether a machine can have these, as far as that can be told without opening them.
  static func check(_ disks: [DiskWish]) throws(DiskWishError) {
    var ids: Set<String> = []
    for disk in disks {
      guard (1...MachineSpec.Disk.mostQueues).contains(disk.queues) else {
        throw .queues(disk.path, disk.queues)
      }
      if let id = disk.id, !ids.insert(id).inserted { throw .idGivenTwice(id) }
      let isPrintable = disk.identity.utf8.allSatisfy { (0x20...0x7E).contains($0) }
      guard isPrintable, disk.identity.utf8.count <= MachineSpec.Disk.longestSerial else {
        throw .serial(disk.path, disk.identity)
      }
    }
  }

  /// What the guest is told by GET_ID.
  var identity: String { serial ?? id ?? "" }
}

/// A disk that cannot be had.
enum DiskWishError: Error, Hashable, Sendable {
  /// Of the disk at a path.
  case queues(String, Int)
  case idGivenTwice(String)
  /// Of the disk at a path: too long, or not ASCII.
  case serial(String, String)
}

extension DiskWishError: CustomStringConvertible {
  var description: String {
    switch self {
    case .queues(let path, let count): "disk \(path): \(count) queues"
    case .idGivenTwice(let id): "two disks are called \"\(id)\""
    case .serial(let path, let serial): "disk \(path): \"\(serial)\" cannot be its serial number"
    }
  }

  /// What to do next.
  var hint: String? {
    switch self {
    case .queues: "give queues=1 to queues=\(MachineSpec.Disk.mostQueues); one for each vCPU is plenty"
    case .idGivenTwice: "each id names one disk"
    case .serial:
      "a serial (or an id without one) is ASCII text of at most \(MachineSpec.Disk.longestSerial) bytes"
    }
  }
}
