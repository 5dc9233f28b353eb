internal import Devices
internal import Hypervisor

/// The text of `--fw-cfg`: `NAME=VALUE` or `NAME=@FILE`.
enum FirmwareOption {
  static func file(_ text: String) throws(Failure) -> FirmwareFile {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
      throw Failure(
        .usage, "--fw-cfg \(text): no value", hint: "write NAME=VALUE, or NAME=@FILE for a file's contents")
    }
    guard parts[1].hasPrefix("@") else { return FirmwareFile(name: parts[0], content: .text(parts[1])) }
    let path = String(parts[1].dropFirst())
    guard !path.isEmpty else {
      throw Failure(.usage, "--fw-cfg \(text): no file", hint: "write NAME=@FILE")
    }
    return FirmwareFile(name: parts[0], content: .file(path: path))
  }

  static func text(_ file: FirmwareFile) -> String {
    switch file.content {
    case .text(let text): "\(file.name)=\(text)"
    case .file(let path): "\(file.name)=@\(path)"
    }
  }

  /// Reads what `files` name.
  static func open(_ files: [FirmwareFile]) throws(Failure) -> [FirmwareConfiguration.File] {
    var items: [FirmwareConfiguration.File] = []
    for file in files {
      let bytes =
        switch file.content {
        case .text(let text): Array(text.utf8)
        case .file(let path): try InputFile.contents(of: path, what: "--fw-cfg \(file.name)")
        }
      items.append(.init(name: file.name, bytes: bytes))
    }
    return items
  }
}
