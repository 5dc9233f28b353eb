internal import Devices
internal import Hypervisor

extension DiskWish {
  private static let keys = ["readonly", "serial", "queues", "cache", "io", "discard", "id", "format"]

  /// Of other programs' disks.
  private static let foreignKeys = [
    "if": "leave it out: every disk is a virtio disk",
    "bus": "leave it out: every disk is a virtio disk",
    "file": "the path stands first, without a key: -d disk.img,readonly=on",
    "path": "the path stands first, without a key: -d disk.img,readonly=on",
    "media": "leave it out; a CD's image is a disk with readonly=on",
    "index": "leave it out: the guest finds the disks in the order of their options",
    "bootindex": "leave it out: a kernel is entered directly, and told of its root by -a root=/dev/vda1",
    "aio": "give io=auto, io=uring or io=threads",
    "ro": "give readonly=on",
    "read-only": "give readonly=on",
    "snapshot": "leave it out: there are none; run on a copy, `cp --reflink=auto`",
    "size": "leave it out: a disk is as large as its file",
  ]

  /// Reads what `-d` takes: a path, and keys with values behind it.
  init(_ text: String) throws(Failure) {
    let list = try OptionList(
      text, option: "--disk", keys: Self.keys, hasHead: true, foreign: Self.foreignKeys)
    guard let path = list.head else { throw Failure(.usage, "--disk \"\(text)\": no path") }
    for key in ["file", "path"] where path.hasPrefix("\(key)=") {
      let name = path.dropFirst(key.count + 1)
      throw Failure(
        .usage, "--disk \(text): the path stands first, without \(key)=",
        hint: "write \(name); a file whose name begins so is ./\(key)=\(name)")
    }
    self.init(path: path)
    isReadOnly = try Self.flag(list, "readonly") ?? false
    canDiscard = try Self.flag(list, "discard") ?? true
    serial = list["serial"]
    id = list["id"]
    if let text = list["queues"] {
      guard let count = Int(text) else {
        throw Failure(.usage, "--disk: queues=\(text) is no number", hint: "give queues=1 or more")
      }
      queues = count
    }
    cache = try Self.choice(list, "cache") ?? .writeback
    access = try Self.choice(list, "io") ?? .auto
    if let format = list["format"] {
      guard format == "raw" else {
        throw Failure(
          .usage, "--disk: format=\(format) is not known", hint: "raw images are, and block devices")
      }
      isForcedRaw = true
    }
  }

  private static func flag(_ list: OptionList, _ key: String) throws(Failure) -> Bool? {
    switch list[key] {
    case "on": true
    case "off": false
    case nil: nil
    case let value?: throw Failure(.usage, "--disk: \(key)=\(value)", hint: "give \(key)=on or \(key)=off")
    }
  }

  private static func choice<Choice: RawRepresentable & CaseIterable>(
    _ list: OptionList, _ key: String
  ) throws(Failure) -> Choice? where Choice.RawValue == String {
    guard let value = list[key] else { return nil }
    if let choice = Choice(rawValue: value) { return choice }
    let known = Choice.allCases.map(\.rawValue)
    throw Failure(
      .usage, "--disk: \(key)=\(value)",
      hint: value.nearest(of: known).map { "did you mean \(key)=\($0)?" }
        ?? "\(key) is \(known.joined(separator: ", "))")
  }

  /// The shortest text that reads back as the same disk.
  var text: String {
    var parts = [path]
    if isReadOnly { parts.append("readonly=on") }
    if let serial { parts.append("serial=\(serial)") }
    if queues != 1 { parts.append("queues=\(queues)") }
    if cache != .writeback { parts.append("cache=\(cache.rawValue)") }
    if access != .auto { parts.append("io=\(access.rawValue)") }
    if !canDiscard { parts.append("discard=off") }
    if let id { parts.append("id=\(id)") }
    if isForcedRaw { parts.append("format=raw") }
    return parts.map { $0.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,") }
      .joined(separator: ",")
  }
}
