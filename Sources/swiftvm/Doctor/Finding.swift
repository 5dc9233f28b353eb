/// One line of `doctor`.
struct Finding: Codable, Equatable {
  enum Status: String, Codable {
    case ok
    /// Something is slower or missing; a stock kernel boots.
    case warning
    /// A stock kernel cannot be booted.
    case problem
  }

  let name: String
  let status: Status
  let detail: String
  let remedy: String?

  static func ok(_ name: String, _ detail: String) -> Finding {
    Finding(name: name, status: .ok, detail: detail, remedy: nil)
  }

  static func warning(_ name: String, _ detail: String, remedy: String) -> Finding {
    Finding(name: name, status: .warning, detail: detail, remedy: remedy)
  }

  static func problem(_ name: String, _ detail: String, remedy: String) -> Finding {
    Finding(name: name, status: .problem, detail: detail, remedy: remedy)
  }
}
