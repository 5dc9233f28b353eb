internal import CLinux
internal import Devices
internal import SystemPackage

/// A file that is written whole, later: what is in it stays until then.
struct ResultFile: ~Copyable {
  private let file: OwnedDescriptor
  private let name: String

  /// - Parameter path: `-` is standard output.
  init(_ path: String, what: String) throws(Failure) {
    name = path == "-" ? "standard output" : "\(what) \(path)"
    do throws(Errno) {
      file =
        path == "-"
        ? try OwnedDescriptor(result: clinux_duplicate(STDOUT_FILENO))
        : try OwnedDescriptor.open(path, O_WRONLY | O_CREAT, mode: 0o666)
    } catch {
      throw Failure(
        error.isShortage ? .hostNotAble : .usage, "\(name): \(error)",
        hint: error.shortageHint ?? "name a file in a folder that you may write to")
    }
  }

  /// Puts `text` in the place of what was there.
  func write(_ text: String) throws(Failure) {
    // A pipe or terminal has nothing to be cut off.
    _ = ftruncate(file.number, 0)
    do {
      try FileDescriptor(rawValue: file.number).writeAll(text.utf8)
    } catch {
      throw Failure(.hostNotAble, "\(name): \(error)", hint: "make room, or name a file elsewhere")
    }
  }
}
