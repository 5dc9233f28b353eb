internal import Devices
internal import Hypervisor

/// The text of `--net`: `nat[=NAME]|user|bridge=NAME|tap=NAME|fd=N[,mac=MAC][,mtu=N][,queues=N]
/// [,vhost=auto|on|off][,id=NAME]`, or `none`.
enum NetworkOption {
  static let name = "--net"
  private static let keys = [
    "nat", "user", "bridge", "create", "tap", "fd", "mac", "mtu", "queues", "vhost", "id",
  ]

  /// Of other programs' cards.
  private static let foreignKeys = [
    "model": "leave it out: every card is a virtio card",
    "type": "the kind stands first: nat, user, bridge=NAME, tap=NAME or fd=N",
    "hostfwd": "--publish HOST_PORT:GUEST_PORT leads a port of the host to the guest",
    "ifname": "give tap=NAME",
    "br": "give bridge=NAME",
    "macaddr": "give mac=MAC",
    "ip": "the guest is told its address by DHCP; `swiftvm ip NAME` shows it",
    "script": "leave it out: a TAP is set up before, or by swiftvm",
    "downscript": "leave it out: a TAP is set up before, or by swiftvm",
    "netdev": "leave it out: one option makes a card and what is behind it",
  ]
  private static let kinds = "nat, nat=NAME, user, bridge=NAME, tap=NAME or fd=N"

  /// The cards that `texts` name. `none` alone takes away those of a configuration file.
  static func cards(_ texts: [String]) throws(Failure) -> [CardWish] {
    if texts == ["none"] { return [] }
    var cards: [CardWish] = []
    for text in texts {
      guard text != "none" else {
        throw Failure(.usage, "\(name) none stands beside other cards", hint: "give none or the cards")
      }
      cards.append(try parse(text))
    }
    return cards
  }

  /// What `user` alone stands for.
  private static let userName = "passt"

  static func parse(_ text: String) throws(Failure) -> CardWish {
    var full = text
    // The sources that need no name.
    for (word, name) in [("nat", VirtualNetwork.defaultName), ("user", userName)]
    where text == word || text.hasPrefix("\(word),") {
      full = "\(word)=\(name)" + text.dropFirst(word.count)
    }
    let kind = full.prefix { $0 != "," && $0 != "=" }
    if !kind.isEmpty, !full.dropFirst(kind.count).hasPrefix("=") {
      throw Failure(
        .usage, "\(name) \(text.shortened): a card cannot be \"\(String(kind).shortened)\"",
        hint: hint(forKind: String(kind)))
    }
    let list = try OptionList(full, option: name, keys: keys, hasHead: false, foreign: foreignKeys)
    var result = CardWish(try source(list, text))
    if let mac = list["mac"] {
      guard let address = MACAddress(mac) else {
        throw Failure(
          .usage, "\(name): mac=\(mac) is no MAC address",
          hint: "write six two-digit hexadecimal numbers: 02:00:00:12:34:56")
      }
      result.mac = address
    }
    if let mtu = list["mtu"] { result.mtu = try number("mtu", mtu) }
    if let queues = list["queues"] { result.queues = try number("queues", queues) }
    if let vhost = list["vhost"] {
      guard let policy = CardWish.VhostPolicy(rawValue: vhost) else {
        throw Failure(.usage, "\(name): vhost=\(vhost): no such choice", hint: "use auto, on or off")
      }
      result.vhost = policy
    }
    result.id = list["id"]
    return result
  }

  /// What was meant by a word that stands for no card.
  private static func hint(forKind word: String) -> String {
    if ["bridge", "tap", "fd"].contains(word) { return "say which: \(word)=\(word == "fd" ? "N" : "NAME")" }
    let near = word.nearest(of: ["nat", "user", "none"]).map { "did you mean \($0)? " } ?? ""
    return "\(near)a card is \(kinds)"
  }

  private static func source(_ list: OptionList, _ text: String) throws(Failure)
    -> CardWish.Source
  {
    let sources = ["nat", "user", "bridge", "tap", "fd"].filter { list[$0] != nil }
    guard let kind = sources.first, let value = list[kind] else {
      throw Failure(
        .usage, "\(name) \"\(text)\": no network is named",
        hint: "give \(kinds)")
    }
    guard sources.count == 1 else {
      throw Failure(
        .usage, "\(name): both \(kind) and \(sources[1]) given", hint: "a card has one of the two")
    }
    if let device = list["create"] { throw refusal(toBridge: device, with: value) }
    switch kind {
    case "nat": return .nat(try VirtualNetwork.checked(name: value))
    case "user":
      guard value == userName else {
        throw Failure(
          .usage, "\(name): user=\(value): there are no networks of this kind by name",
          hint: "each card has its own: --net user")
      }
      return .user
    case "bridge": return .bridge(value)
    case "tap": return .tap(value)
    default:
      guard let number = Int32(value), number >= 0 else {
        throw Failure(
          .usage, "\(name): fd=\(value) is no descriptor", hint: "give the number of an open TAP: fd=3")
      }
      return .descriptor(number)
    }
  }

  /// A network card that becomes a bridge's port loses its addresses, and with them whoever is logged in
  /// through it.
  private static func refusal(toBridge device: String, with bridge: String) -> Failure {
    Failure(
      .usage,
      "\(name): create=\(device) is not done: a card that joins a bridge loses its addresses, and this host "
        + "the network",
      hint: "at the console: `ip link add \(bridge) type bridge && ip link set \(device) master \(bridge) && "
        + "ip link set \(bridge) up && ip address flush dev \(device) && dhclient \(bridge)`, or in your "
        + "distribution's network settings")
  }

  private static func number(_ key: String, _ text: String) throws(Failure) -> Int {
    guard let number = Int(text), number >= 0 else {
      throw Failure(.usage, "\(name): \(key)=\(text) is no number", hint: "give a whole number")
    }
    return number
  }

  /// The text that reads back as `card`.
  static func text(_ card: CardWish) -> String {
    var parts: [(String, String?)] = []
    switch card.source {
    case .tap(let name): parts.append(("tap", name))
    case .descriptor(let number): parts.append(("fd", "\(number)"))
    case .nat(let name): parts.append(("nat", name))
    case .bridge(let name): parts.append(("bridge", name))
    case .user: parts.append(("user", nil))
    }
    if let mac = card.mac { parts.append(("mac", "\(mac)")) }
    if let mtu = card.mtu { parts.append(("mtu", "\(mtu)")) }
    parts.append(("queues", "\(card.queues)"))
    parts.append(("vhost", card.vhost.rawValue))
    if let id = card.id { parts.append(("id", id)) }
    return parts.map { key, value in
      key + (value.map { "=" + $0.map { $0 == "," ? ",," : String($0) }.joined() } ?? "")
    }.joined(separator: ",")
  }
}
