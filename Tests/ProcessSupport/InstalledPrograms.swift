internal import Glibc

/// Which of the programs that a test runs are there.
public enum InstalledPrograms {
  /// Whether each of `names` can be run: where `path` finds them, which is by default what this process has, and the
  /// folders of the administrator's programs.
  public static func include(_ names: String..., path: String = search) -> Bool {
    names.allSatisfy { name in
      path.split(separator: ":").contains { folder in
        // The call only reads the path.
        unsafe access("\(folder)/\(name)", X_OK) == 0
      }
    }
  }

  public static let search: String = {
    // Nothing changes the environment meanwhile, and the text is copied.
    let own = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
    return own + ":/usr/sbin:/sbin"
  }()
}
