internal import Devices
internal import Hypervisor

/// A disk of a machine, opened.
struct OpenedDisk {
  /// Its key in the machine's specification.
  let key: String
  /// As people know it.
  let path: String
  let part: MachineParts.Disk

  var monitor: DiskMonitor { part.monitor }
}

extension MachinePlan {
  /// Opens what is started.
  func openImage() throws(Failure) -> MachineParts.Image {
    switch image {
    case .kernel(let path, let initrd):
      let kernel = try InputFile.image(path, what: "kernel")
      return .kernel(
        kernel, initrd: try initrd.map { path throws(Failure) in try InputFile.image(path, what: "initrd") })
    case .flat(let path): return .flat(try InputFile.image(path, what: "flat image"))
    case nil: throw Failure(.internalError, "no kernel given")
    }
  }

  func openDisks(log: VerboseLog) throws(Failure) -> [OpenedDisk] {
    var opened: [OpenedDisk] = []
    for (index, disk) in disks.enumerated() {
      let part = try DiskImage.open(disk, log: log)
      opened.append(OpenedDisk(key: Self.key(ofDisk: index), path: disk.path, part: part))
    }
    return opened
  }
}
