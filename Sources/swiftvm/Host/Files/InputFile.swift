internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// Opens the files that a person names.
enum InputFile {
  /// Opens `path` for reading; `what` is its part in the machine, for errors.
  static func open(_ path: String, what: String, flags: Int32 = O_RDONLY) throws(Failure) -> OwnedDescriptor {
    do throws(Errno) {
      return try OwnedDescriptor.open(path, flags)
    } catch {
      throw Failure(
        error.isShortage ? .hostNotAble : .usage, "\(what) \(path): \(error)", hint: hint(for: error))
    }
  }

  /// Opens a file that the guest is started from.
  static func image(_ path: String, what: String) throws(Failure) -> ImageFile {
    // A pipe must not be waited for: it is refused.
    let descriptor = try open(path, what: what, flags: O_RDONLY | O_NONBLOCK)
    do throws(ImageFileError) {
      return try ImageFile(descriptor, name: path)
    } catch {
      throw Failure(.usage, "\(what) \(path) \(error)", hint: error.hint)
    }
  }

  /// The whole of a small file, at most 1 MiB.
  static func contents(of path: String, what: String) throws(Failure) -> [UInt8] {
    try contents(of: open(path, what: what), name: "\(what) \(path)")
  }

  static func contents(of file: borrowing OwnedDescriptor, name: String) throws(Failure) -> [UInt8] {
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while contents.count <= 1 << 20 {
      // read writes at most `count` bytes.
      let count = unsafe read(file.number, &chunk, chunk.count)
      guard count >= 0 else { throw Failure(.usage, "\(name): \(Errno(rawValue: clinux_errno()))") }
      if count == 0 { return contents }
      contents += chunk[..<count]
    }
    throw Failure(.usage, "\(name): longer than 1 MiB", hint: "is it the right file?")
  }

  static func hint(for error: Errno) -> String? {
    switch error {
    case .noSuchFileOrDirectory: "check the path; it is taken from the current directory"
    case .permissionDenied: "it must be readable by you (`ls -l` shows who may)"
    default: error.shortageHint
    }
  }
}
