internal import Devices
internal import Hypervisor

/// The text of `--net`: `tap=NAME|fd=N[,mac=MAC][,mtu=N][,queues=N][,vhost=auto|on|off][,id=NAME]`.
enum NetworkOption {
  static let name = "--net"
  private static let keys = ["tap", "fd", "mac", "mtu", "queues", "vhost", "id"]

  static func parse(_ text: String) throws(Failure) -> NetworkConfiguration {
    let list = try OptionList(text, option: name, keys: keys, hasHead: false)
    var result = NetworkConfiguration(try source(list, text))
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
      guard let policy = NetworkConfiguration.VhostPolicy(rawValue: vhost) else {
        throw Failure(.usage, "\(name): vhost=\(vhost): no such choice", hint: "use auto, on or off")
      }
      result.vhost = policy
    }
    result.id = list["id"]
    return result
  }

  private static func source(_ list: OptionList, _ text: String) throws(Failure)
    -> NetworkConfiguration.Source
  {
    switch (list["tap"], list["fd"]) {
    case (let tap?, nil): return .tap(tap)
    case (nil, let fd?):
      guard let number = Int32(fd), number >= 0 else {
        throw Failure(
          .usage, "\(name): fd=\(fd) is no descriptor", hint: "give the number of an open TAP: fd=3")
      }
      return .descriptor(number)
    case (nil, nil):
      throw Failure(.usage, "\(name) \"\(text)\": no TAP is named", hint: "give tap=NAME or fd=N")
    case (_?, _?):
      throw Failure(.usage, "\(name): both tap and fd given", hint: "a card has one of the two")
    }
  }

  private static func number(_ key: String, _ text: String) throws(Failure) -> Int {
    guard let number = Int(text), number >= 0 else {
      throw Failure(.usage, "\(name): \(key)=\(text) is no number", hint: "give a whole number")
    }
    return number
  }

  /// The text that reads back as `card`.
  static func text(_ card: NetworkConfiguration) -> String {
    var parts: [(String, String)] = []
    switch card.source {
    case .tap(let name): parts.append(("tap", name))
    case .descriptor(let number): parts.append(("fd", "\(number)"))
    }
    if let mac = card.mac { parts.append(("mac", "\(mac)")) }
    if let mtu = card.mtu { parts.append(("mtu", "\(mtu)")) }
    parts.append(("queues", "\(card.queues)"))
    parts.append(("vhost", card.vhost.rawValue))
    if let id = card.id { parts.append(("id", id)) }
    return parts.map { key, value in
      "\(key)=" + value.map { $0 == "," ? ",," : String($0) }.joined()
    }.joined(separator: ",")
  }
}
