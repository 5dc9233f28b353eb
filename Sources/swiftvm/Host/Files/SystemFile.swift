internal import CLinux
internal import Devices
internal import SystemPackage

/// What the kernel tells in /proc, /sys and /dev.
enum SystemFile {
  static func exists(_ path: String) -> Bool {
    // The call keeps nothing of the path.
    unsafe access(path, F_OK) == 0
  }

  /// The text of a small file, or nil where it cannot be read.
  static func text(_ path: String) -> String? {
    (try? InputFile.contents(of: path, what: "system file")).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Nil where `path` can be opened for reading and writing, else why not.
  static func whyNotOpenable(_ path: String) -> Errno? {
    do throws(Errno) {
      _ = try OwnedDescriptor.open(path, O_RDWR)
      return nil
    } catch {
      return error
    }
  }
}
