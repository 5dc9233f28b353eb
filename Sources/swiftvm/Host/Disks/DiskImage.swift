internal import CHost
internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// Opens the files and block devices that a person gives as disks.
enum DiskImage {
  /// Opens, locks and checks one.
  static func open(_ disk: DiskWish, log: VerboseLog) throws(Failure) -> MachineParts.Disk {
    try checkType(disk)
    let descriptor = try openDescriptor(disk)
    try lock(descriptor, disk)
    try check(descriptor, disk)
    do throws(Errno) {
      let file = try ThreadedDisk(
        descriptor, isReadOnly: disk.isReadOnly, canDiscard: disk.canDiscard, cache: disk.cache)
      let (backend, way) = try choose(disk, file)
      log(
        """
        disk \(disk.path): \(file.geometry.capacity >> 20) MiB, sectors of \(file.geometry.logicalBlock) bytes\
        \(disk.isReadOnly ? ", read-only" : ""), \(disk.queues) queue(s), cache \(disk.cache.rawValue), by \(way)
        """)
      return MachineParts.Disk(backend, monitor: try DiskMonitor())
    } catch {
      throw failure(disk, "\(error)", status: .hostNotAble, hint: hint(error, disk))
    }
  }

  private static func choose(_ disk: DiskWish, _ file: ThreadedDisk) throws(Errno) -> (any Disk, String) {
    guard disk.access != .threads else { return (file, "threads") }
    if disk.access == .auto, file.isInMemory { return (MemoryDisk(file), "copies, as the file is in memory") }
    do throws(Errno) {
      return (try RingDisk(file, mayUseThreads: disk.access == .auto), "io_uring")
    } catch {
      if disk.access == .uring { throw error }
      return (file, "threads, as io_uring is not to be had (\(error))")
    }
  }

  // MARK: Opening

  /// Nothing else is opened: a FIFO would wait for somebody who writes.
  private static func checkType(_ disk: DiskWish) throws(Failure) {
    // The call keeps nothing of the path.
    let type = unsafe chost_file_type(disk.path)
    guard type >= 0 else {
      let error = Errno(rawValue: -type)
      throw failure(disk, "\(error)", hint: hint(error, disk))
    }
    switch UInt32(type) {
    case CHOST_REGULAR_FILE.rawValue, CHOST_BLOCK_DEVICE.rawValue: return
    case CHOST_DIRECTORY.rawValue:
      throw failure(disk, "is a directory", hint: "a disk is an image file or a block device")
    default:
      throw failure(
        disk, "neither a file nor a block device", hint: "a disk is an image file or a block device")
    }
  }

  private static func openDescriptor(_ disk: DiskWish) throws(Failure) -> OwnedDescriptor {
    let access = disk.isReadOnly ? O_RDONLY : O_RDWR
    do throws(Errno) {
      return try .open(disk.path, access | (disk.cache.isDirect ? clinux_direct_flag() : 0))
    } catch {
      if error == .invalidArgument, disk.cache.isDirect {
        throw failure(
          disk, "the file system cannot do without its cache (O_DIRECT)", hint: "leave cache=none out")
      }
      throw failure(
        disk, "\(error)", status: error.isShortage ? .hostNotAble : .usage, hint: hint(error, disk))
    }
  }

  // MARK: Checks

  private static func lock(_ descriptor: borrowing OwnedDescriptor, _ disk: DiskWish) throws(Failure) {
    var result = chost_lock_file(descriptor.number, disk.isReadOnly ? 0 : 1)
    // The kernel takes its time to unmake the io_uring of a process that was killed, and holds the lock until
    // then, though nobody has it any more.
    var patience = 200
    while result == -EAGAIN, patience > 0, holder(of: descriptor).process == 0 {
      usleep(10_000)
      patience -= 1
      result = chost_lock_file(descriptor.number, disk.isReadOnly ? 0 : 1)
    }
    switch Errno(rawValue: -result) {
    case .resourceTemporarilyUnavailable, .permissionDenied: throw inUse(descriptor, disk)
    // Some file systems know no locks; who uses those looks after that.
    default: return
    }
  }

  /// The process that holds a lock on a file; 0: nobody that we may see.
  private static func holder(of descriptor: borrowing OwnedDescriptor) -> (process: Int32, name: String) {
    var found = clinux_disk()
    var name = [CChar](repeating: 0, count: 64)
    // Fills the structure, and the array, which is as long as told.
    guard unsafe clinux_examine_disk(descriptor.number, &found) == 0 else { return (0, "") }
    let process = unsafe chost_find_lock_holder(found.device, found.inode, &name, name.count)
    let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return (process, text)
  }

  private static func inUse(_ descriptor: borrowing OwnedDescriptor, _ disk: DiskWish) -> Failure {
    let holder = holder(of: descriptor)
    if holder.process == getpid() {
      return failure(disk, "given twice", hint: "readonly=on on both lets a machine have it twice")
    }
    let who = holder.process == 0 ? "another process" : "\(holder.name) (process \(holder.process))"
    return failure(
      disk, "in use by \(who)", hint: "two machines may share a disk only where both have it with readonly=on"
    )
  }

  private static func check(_ descriptor: borrowing OwnedDescriptor, _ disk: DiskWish)
    throws(Failure)
  {
    var found = clinux_disk()
    // Fills the structure.
    let result = unsafe clinux_examine_disk(descriptor.number, &found)
    guard result == 0 else { throw failure(disk, "\(Errno(rawValue: -result))") }
    let path = disk.path
    guard found.capacity > 0 else {
      throw failure(disk, "is empty", hint: "`truncate -s 10G \(path)` makes it a disk of 10 GiB")
    }
    // Before the size, which in another format is nobody's to mend.
    let format = ForeignDisk(try header(disk))
    if !disk.isForcedRaw, let format {
      throw failure(
        disk, "is a \(format.name) image, and only raw ones can be used", hint: format.hint(path))
    }
    let unit = disk.cache.isDirect ? UInt64(max(found.direct_offset_alignment, 512)) : 512
    guard found.capacity % unit == 0 else {
      let error = "its \(found.capacity) bytes are no multiple of \(unit)"
      if let format {
        throw failure(disk, error, hint: "it is a \(format.name) image: \(format.conversion(path))")
      }
      if let kind = FileInsteadOfFolder.compression(of: path) {
        throw failure(disk, "\(kind), and only raw images can be used", hint: "unpack it first")
      }
      throw failure(disk, error, hint: "is it a disk image? `truncate -s %\(unit) \(path)` fills it up")
    }
  }

  /// Read by a descriptor of its own: O_DIRECT would ask for alignment.
  private static func header(_ disk: DiskWish) throws(Failure) -> [UInt8] {
    let file = try InputFile.open(disk.path, what: "disk")
    var bytes = [UInt8](repeating: 0, count: ForeignDisk.headerSize)
    // The array is as long as told.
    let count = unsafe clinux_read_at(file.number, &bytes, bytes.count, 0)
    guard count >= 0 else { throw failure(disk, "\(Errno(rawValue: Int32(-count)))") }
    return Array(bytes.prefix(count))
  }

  // MARK: Errors

  private static func failure(
    _ disk: DiskWish, _ message: String, status: ExitStatus = .usage, hint: String? = nil
  ) -> Failure {
    Failure(status, "disk \(disk.path): \(message)", hint: hint)
  }

  private static func hint(_ error: Errno, _ disk: DiskWish) -> String? {
    switch error {
    case .permissionDenied where !disk.isReadOnly:
      "it must be readable and writable by you (`ls -l` shows who may); readonly=on only reads"
    case .noSuchAddressOrDevice, .operationNotSupportedByDevice:
      "its device is not there, or not any more (`lsblk` shows which are)"
    case .readOnlyFileSystem: "readonly=on takes it from a read-only file system"
    case .noSuchFileOrDirectory: "check the path; `truncate -s 10G FILE` makes an empty disk of 10 GiB"
    case .notPermitted, .noFunction:
      "this host refuses io_uring (`sysctl kernel.io_uring_disabled`); io=threads does without"
    default: error.shortageHint ?? InputFile.hint(for: error)
    }
  }
}
