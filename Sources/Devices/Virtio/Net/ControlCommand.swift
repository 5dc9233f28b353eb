/// A command of the control queue, taken apart (virtio 1.2 section 5.1.6.5).
enum ControlCommand: Equatable {
  enum ReceiveMode: UInt8 {
    case promiscuous = 0
    case allMulticast, allUnicast, noMulticast, noUnicast, noBroadcast
  }

  case receive(ReceiveMode, Bool)
  case setTables(unicast: [MACAddress], multicast: [MACAddress])
  case setAddress(MACAddress)
  case addVLAN(UInt16)
  case removeVLAN(UInt16)
  case setPairs(UInt16)
  case setOffloads(VirtioFeatures)

  /// More bytes than any command has.
  static let sizeLimit = 1 << 16

  /// Reads a command: class, number, data. Nil for what is none, or has data of another size.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 2 else { return nil }
    var data = bytes[2...]
    switch (bytes[0], bytes[1]) {
    case (0, let number):
      guard let mode = ReceiveMode(rawValue: number), let value = data.takeInteger(UInt8.self), value <= 1
      else { return nil }
      self = .receive(mode, value == 1)
    case (1, 0):
      guard let unicast = data.takeTable(), let multicast = data.takeTable() else { return nil }
      self = .setTables(unicast: unicast, multicast: multicast)
    case (1, 1):
      guard let address = MACAddress(Array(data.prefix(6))), !address.isMulticast, !address.isZero else {
        return nil
      }
      data = data.dropFirst(6)
      self = .setAddress(address)
    case (2, 0), (2, 1):
      guard let id = data.takeInteger(UInt16.self), id < 4096 else { return nil }
      self = bytes[1] == 0 ? .addVLAN(id) : .removeVLAN(id)
    case (4, 0):
      guard let pairs = data.takeInteger(UInt16.self) else { return nil }
      self = .setPairs(pairs)
    case (5, 0):
      guard let offloads = data.takeInteger(UInt64.self) else { return nil }
      self = .setOffloads(VirtioFeatures(rawValue: offloads))
    default: return nil
    }
    guard data.isEmpty else { return nil }
  }

  /// The feature that a driver must have agreed to.
  var feature: VirtioFeatures {
    switch self {
    case .receive(.promiscuous, _), .receive(.allMulticast, _), .setTables: .netControlReceive
    case .receive: .netControlReceiveExtra
    case .setAddress: .netControlMAC
    case .addVLAN, .removeVLAN: .netControlVLAN
    case .setPairs: .netMultiqueue
    case .setOffloads: .netControlGuestOffloads
    }
  }
}

extension ArraySlice<UInt8> {
  /// Takes a little-endian number off the start.
  fileprivate mutating func takeInteger<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
    let size = Value.bitWidth / 8
    guard count >= size else { return nil }
    let value = prefix(size).reversed().reduce(Value(0)) { $0 << 8 | Value($1) }
    removeFirst(size)
    return value
  }

  /// Takes a count and as many addresses.
  fileprivate mutating func takeTable() -> [MACAddress]? {
    guard let entries = takeInteger(UInt32.self), UInt64(count) >= 6 * UInt64(entries) else { return nil }
    var addresses: [MACAddress] = []
    for _ in 0..<entries {
      guard let address = MACAddress(Array(prefix(6))) else { return nil }
      addresses.append(address)
      removeFirst(6)
    }
    return addresses
  }
}
