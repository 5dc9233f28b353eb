internal import CLinux
internal import Devices
internal import SystemPackage

/// A file that is written whole, later: what is in it stays until then.
struct ResultFile: ~Copyable {
  private let file: OutputFile
  private let name: String

  /// - Parameter path: `-` is standard output.
  init(_ path: String, what: String) throws(Failure) {
    name = path == "-" ? "standard output" : "\(what) \(path)"
    do throws(Errno) {
      file = OutputFile(
        path,
        path == "-"
          ? try OwnedDescriptor(result: clinux_duplicate(STDOUT_FILENO))
          : try OutputFile.open(path, isEmptied: false))
    } catch {
      throw OutputFile.failure(name, error)
    }
  }

  /// Puts `text` in the place of what was there.
  func write(_ text: String) throws(Failure) {
    // What stands before on standard output is somebody else's.
    if file.path != "-" { file.cut(to: 0) }
    var rest = Array(text.utf8)[...]
    do throws(Errno) {
      while !rest.isEmpty {
        let count = try file.write(rest)
        if count == 0 { file.waitForRoom(milliseconds: -1) }
        rest = rest.dropFirst(count)
      }
    } catch {
      throw Failure(.hostNotAble, "\(name): \(error)", hint: "make room, or name a file elsewhere")
    }
  }
}
