internal import CHost
internal import CLinux
internal import Devices
internal import Hypervisor

/// A file where `run` is given a folder: what it is, and how it is used.
struct FileInsteadOfFolder {
  private let path: String
  /// Stands behind "it"; nil: unknown.
  private(set) var kind: String?
  private(set) var use =
    "a kernel goes with -k, a disk with -d, a boot sector with --flat, a JSON file with --config"

  var failure: Failure {
    Failure(.usage, "\(path) is no folder\(kind.map { ": it \($0)" } ?? "")", hint: use)
  }

  init(_ path: String) {
    self.path = path
    // The call keeps nothing of the path.
    if unsafe chost_file_type(path) == Int32(CHOST_BLOCK_DEVICE.rawValue) {
      (kind, use) = ("is a block device", asDisk)
    } else if let file = try? InputFile.image(path, what: "file") {
      recognise(file)
    }
  }

  /// Whether a whole file is compressed, and how.
  static func compression(of path: String) -> String? {
    guard let file = try? InputFile.image(path, what: "file") else { return nil }
    do throws(KernelFormatError) {
      _ = try KernelImage.recognise(file)
    } catch {
      if case .foreign(let format) = error, case .compressed = format { return format.kind }
    }
    return nil
  }

  private var asDisk: String { "a disk goes beside a kernel: -k KERNEL -d \(path)" }

  private mutating func recognise(_ file: ImageFile) {
    let head = (try? file.read(Int(min(file.size, 0x43A)), at: 0)) ?? []
    if let disk = ForeignDisk(Array(head.prefix(ForeignDisk.headerSize))) {
      (kind, use) = (
        "is a \(disk.name) disk image", "\(disk.conversion(path)) makes a raw one; \(asDisk).raw"
      )
      return
    }
    do throws(KernelFormatError) {
      let kernel = try KernelImage.recognise(file)
      (kind, use) = ("is a kernel (\(kernel.format))", "`swiftvm run -k \(path)` boots it")
    } catch {
      switch error {
      case .foreign(let format): tell(format, size: file.size, isObject: head.first == UInt8(ascii: "{"))
      case .unknown: if Self.isFileSystem(head) { (kind, use) = ("is an image of a file system", asDisk) }
      default: (kind, use) = ("\(error)", error.hint ?? use)
      }
    }
  }

  private mutating func tell(_ format: ForeignFormat, size: UInt64, isObject: Bool) {
    kind = format.kind
    switch format {
    // No flat image is so large.
    case .bootSector where size > 1 << 20: (kind, use) = ("is a disk image", asDisk)
    case .bootSector: use = "`swiftvm run --flat \(path)` runs a boot sector; \(asDisk)"
    case .isoImage:
      use = """
        there is no firmware to boot it: take its kernel for -k and its initrd for -i (they lie in images/pxeboot, \
        casper or install.amd), and give it as a disk: -d \(path),readonly=on
        """
    case .cpioArchive: use = "an initrd goes beside a kernel: -k KERNEL -i \(path)"
    case .compressed:
      use = "an initrd goes beside a kernel: -k KERNEL -i \(path); a kernel or a disk is to be unpacked first"
    case .text where isObject:
      (kind, use) = ("looks like JSON", "`swiftvm run --config \(path)` reads options from it")
    case .text, .script: break
    default: use = format.hint
    }
  }

  /// The magic numbers of ext2 to ext4, XFS and SquashFS.
  private static func isFileSystem(_ head: [UInt8]) -> Bool {
    head.dropFirst(0x438).starts(with: [0x53, 0xEF]) || head.starts(with: Array("XFSB".utf8))
      || head.starts(with: Array("hsqs".utf8))
  }
}
