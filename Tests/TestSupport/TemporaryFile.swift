internal import CLinux
public import Devices
internal import SystemPackage

/// A file of a test's own, gone with the value.
public final class TemporaryFile: Sendable {
  public let path: String

  /// - Parameter size: bytes, all zero.
  public init(size: UInt64 = 0, in directory: String = "/tmp") throws {
    let template = directory + "/swiftvm-test-XXXXXX"
    var name = template.utf8CString.map { $0 }
    // The array ends with a zero and is changed in place.
    let number = unsafe mkstemp(&name)
    let descriptor = try OwnedDescriptor(result: number < 0 ? -clinux_errno() : number)
    path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    try resize(descriptor, size)
  }

  deinit {
    // The call keeps nothing of the path.
    _ = unsafe unlink(path)
  }

  private func resize(_ descriptor: borrowing OwnedDescriptor, _ size: UInt64) throws {
    guard ftruncate(descriptor.number, off_t(size)) == 0 else { throw Errno(rawValue: clinux_errno()) }
  }

  /// Makes the file shorter or longer.
  public func resize(to size: UInt64) throws {
    try resize(open(O_RDWR), size)
  }

  /// Opens it for reading and writing, or with other flags.
  public func open(_ flags: Int32? = nil) throws -> OwnedDescriptor {
    try .open(path, flags ?? O_RDWR)
  }

  public func bytes(_ count: Int, at offset: UInt64) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let file = try open(O_RDONLY)
    // The array is as long as told.
    let result = unsafe clinux_read_at(file.number, &bytes, count, offset)
    guard result == count else { throw Errno(rawValue: result < 0 ? Int32(-result) : EIO) }
    return bytes
  }

  public func write(_ bytes: [UInt8], at offset: UInt64) throws {
    let file = try open()
    // The array is as long as told.
    let result = unsafe clinux_write_at(file.number, bytes, bytes.count, offset)
    guard result == bytes.count else { throw Errno(rawValue: result < 0 ? Int32(-result) : EIO) }
  }

  /// Bytes that the file's blocks take.
  public var allocatedSize: UInt64 {
    get throws {
      var status = stat()
      // The call fills the structure.
      guard unsafe stat(path, &status) == 0 else { throw Errno(rawValue: clinux_errno()) }
      return UInt64(status.st_blocks) * 512
    }
  }
}
