extension GDBSession {
  /// Threads that one packet lists.
  private static let threadsPerPacket = 256

  mutating func query(_ packet: [UInt8]) -> Outcome {
    let (name, argument) = Self.divided(packet)
    switch name {
    case "qSupported": return supported(argument)
    case "qXfer": return transfer(argument)
    case "QStartNoAckMode":
      acknowledges = false
      return .ok
    case "qAttached": return .reply("1")
    case "qC": return .reply("QC\(Self.name(event.vcpu))")
    case "qfThreadInfo": return threads(from: 0)
    case "qsThreadInfo": return threads(from: listedThreads)
    case "qThreadExtraInfo": return threadName(argument)
    case "qqemu.PhyMemMode": return .reply(isPhysical ? "1" : "0")
    case "Qqemu.PhyMemMode":
      guard argument.elementsEqual("0".utf8) || argument.elementsEqual("1".utf8) else { return .invalid }
      isPhysical = argument.elementsEqual("1".utf8)
      return .ok
    default: return .unknown
    }
  }

  /// A packet's name and what comes after it.
  static func divided(_ packet: [UInt8]) -> (name: String, argument: ArraySlice<UInt8>) {
    let isSeparator = { (byte: UInt8) in
      [UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: ";")].contains(byte)
    }
    let name = packet.prefix { !isSeparator($0) }
    return (String(decoding: name, as: UTF8.self), packet.dropFirst(name.count + 1))
  }

  private mutating func supported(_ features: ArraySlice<UInt8>) -> Outcome {
    let offered = features.split(separator: UInt8(ascii: ";"))
    reportsSoftwareBreakpoints = offered.contains { $0.elementsEqual("swbreak+".utf8) }
    reportsHardwareBreakpoints = offered.contains { $0.elementsEqual("hwbreak+".utf8) }
    let size = String(GDBFraming.mostPayload, radix: 16)
    return .reply(
      "PacketSize=\(size);qXfer:features:read+;QStartNoAckMode+;swbreak+;hwbreak+;vContSupported+")
  }

  /// `qXfer:features:read:target.xml:OFFSET,LENGTH`
  private func transfer(_ argument: ArraySlice<UInt8>) -> Outcome {
    let start = Array("features:read:target.xml:".utf8)
    guard argument.starts(with: start) else { return .unknown }
    var text = GDBText(argument.dropFirst(start.count))
    guard let offset = text.number(), text.skip(","), let length = text.number(), text.isAtEnd else {
      return .invalid
    }
    let document = Array(target.description.xml.utf8)
    guard offset <= UInt64(document.count) else { return .invalid }
    // Escapes may double the length of what is sent.
    let rest = document.dropFirst(Int(offset))
    let part = rest.prefix(Int(min(length, UInt64(GDBFraming.mostPayload / 2))))
    return .reply([part.count == rest.count ? UInt8(ascii: "l") : UInt8(ascii: "m")] + part)
  }

  private mutating func threads(from first: Int) -> Outcome {
    guard first < target.vcpuCount else { return .reply("l") }
    let next = min(first + Self.threadsPerPacket, target.vcpuCount)
    listedThreads = next
    return .reply("m" + (first..<next).map(Self.name).joined(separator: ","))
  }

  private func threadName(_ argument: ArraySlice<UInt8>) -> Outcome {
    var text = GDBText(argument)
    guard let vcpu = thread(&text) else { return .invalid }
    return .reply(Hex.text("vCPU \(vcpu)".utf8))
  }
}
