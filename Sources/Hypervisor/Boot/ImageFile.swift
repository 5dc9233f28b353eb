internal import CLinux
public import Devices
public import SystemPackage

/// A kernel, initrd or flat image: a regular file, opened by somebody else, read by position.
///
/// It can be read any number of times; each start of the guest loads its images afresh.
public final class ImageFile: Sendable {
  /// The path as the user gave it. For people; nothing here opens it.
  public let name: String
  /// Length in bytes when the file was handed over.
  public let size: UInt64
  private let descriptor: OwnedDescriptor

  /// Takes over a readable descriptor.
  /// - Throws: `ImageFileError.notRegular` for pipes, directories and devices, `.status` from fstat(2).
  public init(_ descriptor: consuming OwnedDescriptor, name: String) throws(ImageFileError) {
    var status = stat()
    // fstat fills the local structure and keeps no pointer to it.
    guard unsafe fstat(descriptor.number, &status) == 0 else {
      throw ImageFileError.status(Errno(rawValue: clinux_errno()))
    }
    if let kind = ImageFileError.FileKind(mode: status.st_mode) {
      throw ImageFileError.notRegular(kind)
    }
    self.name = name
    size = UInt64(max(status.st_size, 0))
    self.descriptor = descriptor
  }

  /// Copies `count` bytes at `offset` out of the file.
  /// - Throws: `ImageFileError.shrank` where the file ends before that.
  public func read(_ count: Int, at offset: UInt64) throws(ImageFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(count, 0))
    let result = unsafe bytes.withUnsafeMutableBytes { buffer in
      // The buffer is `bytes`, which has room for all of its own count.
      unsafe fill(buffer.baseAddress, count: buffer.count, from: offset)
    }
    try result.get()
    return bytes
  }

  /// Reads `count` bytes at `offset` straight into guest memory.
  ///
  /// - Parameter isCancelled: asked now and then whether the rest is of no use any more.
  /// - Throws: `ImageFileError.outsideGuestMemory` where the guest has no such memory.
  public func load(
    _ count: UInt64, from offset: UInt64, into memory: GuestMemory, at address: GuestAddress,
    isCancelled: () -> Bool = { false }
  ) throws(ImageFileError) {
    guard let length = Int(exactly: count),
      let target = unsafe memory.hostPointer(at: address, size: count)
    else {
      throw ImageFileError.outsideGuestMemory(address, size: count)
    }
    // hostPointer checked the length.
    try unsafe fill(target, count: length, from: offset, isCancelled: isCancelled).get()
  }

  /// The most that is read between two looks at whether somebody still wants it: a moment, also where a disk is slow.
  private static let stride = 16 << 20

  /// Reads until `count` bytes are in `target`, which must have room for them.
  private func fill(
    _ target: UnsafeMutableRawPointer?, count: Int, from offset: UInt64, isCancelled: () -> Bool = { false }
  ) -> Result<Void, ImageFileError> {
    guard let target = unsafe target else { return .success(()) }
    var done = 0
    while done < count {
      if isCancelled() { return .failure(.cancelled) }
      let position = offset &+ UInt64(done)
      guard let start = off_t(exactly: position) else { return .failure(.shrank(to: size)) }
      // 0 <= done < count, and `target` has room for `count` bytes.
      let result = unsafe pread(descriptor.number, target + done, min(count - done, Self.stride), start)
      if result > 0 {
        done += result
      } else if result == 0 {
        return .failure(.shrank(to: position))
      } else {
        let errno = Errno(rawValue: clinux_errno())
        if errno != .interrupted { return .failure(.read(offset: position, errno)) }
      }
    }
    return .success(())
  }
}

/// An image that is not a file of bytes, or that the host would not read. Descriptions are
/// predicates, to stand after the file's name.
public enum ImageFileError: Error, Hashable, Sendable {
  /// What fstat(2) says of something that is not a regular file.
  public enum FileKind: String, Sendable {
    case directory
    case pipe
    case socket
    case characterDevice = "character device"
    case blockDevice = "block device"
    case other = "special file"

    /// Nil for a regular file.
    init?(mode: mode_t) {
      switch Int32(truncatingIfNeeded: mode) & S_IFMT {
      case S_IFREG: return nil
      case S_IFDIR: self = .directory
      case S_IFIFO: self = .pipe
      case S_IFSOCK: self = .socket
      case S_IFCHR: self = .characterDevice
      case S_IFBLK: self = .blockDevice
      default: self = .other
      }
    }
  }

  case notRegular(FileKind)
  /// fstat(2) failed.
  case status(Errno)
  /// pread(2) failed.
  case read(offset: UInt64, Errno)
  /// The file ends earlier, in bytes, than it did when it was measured.
  case shrank(to: UInt64)
  /// The reader was told so.
  case cancelled
  /// The memory, of `size` bytes, is not there.
  case outsideGuestMemory(GuestAddress, size: UInt64)
}

extension ImageFileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notRegular(let kind): "is a \(kind.rawValue), not a file"
    case .status(let errno): "cannot be examined: \(errno)"
    case .read(let offset, let errno): "cannot be read at byte \(offset): \(errno)"
    case .shrank(let size): "became shorter while it was read: it ends at byte \(size)"
    case .cancelled: "was not read to its end, as asked"
    case .outsideGuestMemory(let address, let size): "has no guest memory at \(address) for \(size) bytes"
    }
  }

  public var hint: String? {
    switch self {
    case .notRegular(.directory): "give a file in it"
    case .notRegular(.pipe), .notRegular(.socket):
      "write it to a file first: it is read again at every reboot"
    case .notRegular: "copy it to a file first"
    case .shrank: "try again when whatever writes the file has finished"
    case .status, .read, .cancelled, .outsideGuestMemory: nil
    }
  }
}
