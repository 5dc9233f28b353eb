internal import FoundationEssentials

/// The host's interfaces, their addresses, and where its packets go, as `ip` shows them.
struct HostInterfaces {
  struct Interface: Decodable {
    struct Kind: Decodable {
      let kind: String?

      enum CodingKeys: String, CodingKey {
        case kind = "info_kind"
      }
    }
    struct Address: Decodable {
      let family, local: String?
      let prefixlen: Int?
    }

    /// Nil where `ip` shows an empty entry for one that is left out.
    let ifname: String?
    let mtu: Int?
    let master: String?
    let linkinfo: Kind?
    let addresses: [Address]?

    enum CodingKeys: String, CodingKey {
      case ifname, mtu, master, linkinfo
      case addresses = "addr_info"
    }

    var isBridge: Bool { linkinfo?.kind == "bridge" }
  }

  private struct Route: Decodable {
    let dst: String?
    let dev: String?
  }

  let all: [Interface]
  private let routes: [Route]

  static func ofThisHost() throws(Failure) -> HostInterfaces {
    HostInterfaces(
      addresses: try HostCommand(.ip, ["-json", "-details", "address", "show"]).check(),
      routes: try HostCommand(.ip, ["-json", "-4", "route", "show"]).check())
  }

  /// Reads what `ip` wrote.
  init(addresses: String, routes: String) {
    all = (try? JSONDecoder().decode([Interface].self, from: Data(addresses.utf8))) ?? []
    self.routes = (try? JSONDecoder().decode([Route].self, from: Data(routes.utf8))) ?? []
  }

  subscript(name: String) -> Interface? { all.first { $0.ifname == name } }

  /// What uses addresses of `subnet` already, in words.
  func user(of subnet: IPv4Subnet) -> String? {
    for interface in all {
      for address in interface.addresses ?? [] {
        guard let local = address.local.flatMap({ IPv4Address($0) }), let length = address.prefixlen,
          (0...32).contains(length), IPv4Subnet(local, length: length).overlaps(subnet)
        else { continue }
        return "\(interface.ifname ?? "an interface") has \(local)/\(length)"
      }
    }
    for route in routes {
      guard let text = route.dst, let range = IPv4Subnet(text), range.length > 0, range.overlaps(subnet)
      else {
        continue
      }
      return "there is a route to \(text)" + (route.dev.map { " through \($0)" } ?? "")
    }
    return nil
  }

  /// The first name of `prefix` and a number that no interface and none of `taken` has.
  func freeName(_ prefix: String, taken: [String] = []) -> String {
    var number = 0
    while self["\(prefix)\(number)"] != nil || taken.contains("\(prefix)\(number)") { number += 1 }
    return "\(prefix)\(number)"
  }
}
