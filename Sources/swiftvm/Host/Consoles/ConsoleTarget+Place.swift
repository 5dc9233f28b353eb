internal import CLinux
internal import Hypervisor
internal import SystemPackage

extension ConsoleTarget {
  /// The same for who is in another folder: with a path from the root.
  var place: String {
    switch self {
    case .file(let path): "file=\(Self.fromRoot(path))"
    case .socket(let path): "socket=\(Self.fromRoot(path))"
    case .stdio, .pty, .null: "\(self)"
    }
  }

  private static func fromRoot(_ path: String) -> String {
    // Made by malloc where the call is given no buffer.
    guard !path.hasPrefix("/"), let folder = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe free(folder) }
    return FilePath(unsafe String(cString: folder)).appending(path).string
  }
}
