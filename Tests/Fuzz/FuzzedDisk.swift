import CLinux
import TestSupport

@testable import Devices

/// The ways in which a disk is read and written.
enum FuzzedDisk: CaseIterable {
  case threads, ring, readOnly
  /// A file in memory, copied by the worker itself.
  case memory
  /// Past the page cache, with blocks of 4096 bytes, which most requests are smaller than.
  case direct, directRing
  /// A driver that does not flush.
  case writeThrough

  /// A disk of zeroes with its driver.
  struct Made {
    let kind: FuzzedDisk
    let file: TemporaryFile
    let driver: PCIDriver

    var content: [UInt8] { get throws { try file.bytes(Int(DiskModel.capacity), at: 0) } }
  }

  /// - Parameter threads: as many queues, each with one of its own.
  func make(threads: Int) throws -> Made {
    let isDirect = self == .direct || self == .directRing
    let file = try TemporaryFile(size: DiskModel.capacity, in: self == .memory ? "/dev/shm" : "/tmp")
    let flags = (self == .readOnly ? O_RDONLY : O_RDWR) | (isDirect ? clinux_direct_flag() : 0)
    let disk = try ThreadedDisk(
      DiskFile(
        file.open(flags), isReadOnly: self == .readOnly, canDiscard: true,
        cache: isDirect ? .none : .writeback, directBlock: isDirect ? 4096 : nil))
    let device = try BlockDevice(
      wrap(disk), identity: "fuzz", threads: (0..<threads).map { try IOThread(name: "fuzz\($0)") },
      monitor: try DiskMonitor())
    return Made(kind: self, file: file, driver: try PCIDriver(device, arena: GuestArena()))
  }

  private func wrap(_ disk: ThreadedDisk) throws -> any Disk {
    switch self {
    // Where the host has no io_uring, the threads are tested twice.
    case .ring where clinux_probe_io_uring() == 0, .directRing where clinux_probe_io_uring() == 0:
      try RingDisk(disk)
    case .memory: MemoryDisk(disk)
    default: disk
    }
  }

  /// What a driver agrees on: some of what is offered.
  func features(of driver: PCIDriver, _ random: inout SeededRandom) -> VirtioFeatures {
    let some = VirtioFeatures(rawValue: driver.offeredFeatures.rawValue & random.next())
    let all = some.union([.version1, .indirectDescriptors])
    return self == .writeThrough ? all.subtracting([.blockFlush, .blockConfigurableCache]) : all
  }
}
