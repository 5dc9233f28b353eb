internal import FoundationEssentials

/// The kernel's settings for passing packets on, as they are, and how they are changed and put back.
///
/// To write to the settings of all changes those of each: what must be put back by hand is noted.
struct Forwarding: Equatable {
  struct Note: Codable, Equatable {
    let path: String
    let value: String
  }

  var v4: String
  /// Nil where there is no IPv6.
  var v6: String?
  /// What differs from what the kernel sets by itself when forwarding is switched off again.
  var exceptions: [Note] = []
  /// Interfaces that listen to routers, and stop when forwarding is on unless told otherwise.
  var listeners: [String] = []

  static let v4Path = "/proc/sys/net/ipv4/ip_forward"
  static let v6Path = "/proc/sys/net/ipv6/conf/all/forwarding"
  private static let folder4 = "/proc/sys/net/ipv4/conf"
  private static let folder6 = "/proc/sys/net/ipv6/conf"

  static func ofThisHost() -> Forwarding {
    var result = Forwarding(v4: value(v4Path) ?? "1", v6: value(v6Path))
    if result.v4 == "0" {
      let redirects = "\(folder4)/all/accept_redirects"
      if value(redirects) == "0" { result.exceptions.append(Note(path: redirects, value: "0")) }
      result.exceptions += ones(in: folder4)
    }
    if result.v6 == "0" {
      result.exceptions += ones(in: folder6)
      result.listeners = StateFile.names(in: folder6).filter { name in
        !["all", "default", "lo"].contains(name) && value("\(folder6)/\(name)/accept_ra") == "1"
      }
    }
    return result
  }

  private static func ones(in folder: String) -> [Note] {
    StateFile.names(in: folder).filter { $0 != "all" }.map { "\(folder)/\($0)/forwarding" }
      .filter { value($0) == "1" }.map { Note(path: $0, value: "1") }
  }

  private static func value(_ path: String) -> String? {
    SystemFile.text(path).map { String($0.prefix { $0 != "\n" }) }
  }

  /// Switches forwarding on, and first notes at `notes` what was. Nothing, where it is on.
  ///
  /// - Parameter earlier: what is noted there for networks that are up. Somebody may have switched one of the two off
  ///   since; what it was before them is what it shall be after all.
  func enable(notes: String, earlier: [Note] = []) -> [Step] {
    var noted: [Note] = []
    var steps: [Step] = []
    if v4 == "0" {
      noted.append(Note(path: Self.v4Path, value: "0"))
      steps.append(.set(path: Self.v4Path, value: "1"))
    }
    if v6 == "0" {
      noted.append(Note(path: Self.v6Path, value: "0"))
      // 2: though it passes packets on. The host goes on learning its own routes.
      for name in listeners {
        let path = "\(Self.folder6)/\(name)/accept_ra"
        noted.append(Note(path: path, value: "1"))
        steps.append(.set(path: path, value: "2"))
      }
      steps.append(.set(path: Self.v6Path, value: "1"))
    }
    guard !noted.isEmpty else { return [] }
    let fresh = (noted + exceptions).filter { note in !earlier.contains { $0.path == note.path } }
    return [.write(path: notes, text: StateFolder.json(earlier + fresh))] + steps
  }

  /// Puts back what was noted, of interfaces that are still there.
  static func restore(_ notes: [Note]) -> [Step] {
    notes.filter { SystemFile.exists($0.path) }.map { .set(path: $0.path, value: $0.value) }
  }
}
