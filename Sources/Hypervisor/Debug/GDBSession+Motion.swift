extension GDBSession {
  /// The packets that begin with `v`.
  func verbose(_ packet: [UInt8]) -> Outcome {
    let (name, argument) = Self.divided(packet)
    switch name {
    case "vCont?": return .reply("vCont;c;C;s;S")
    case "vCont": return motions(argument)
    case "vKill": return .kill(Array("OK".utf8))
    default: return .unknown
    }
  }

  /// All vCPUs go on, or the one that was chosen. A step of one lets the others go on.
  func move(_ motion: DebugMotion) -> Outcome {
    var motions = [DebugMotion](repeating: .go, count: target.vcpuCount)
    if let moving { motions = motions.indices.map { $0 == moving ? motion : .stay } }
    if motion == .step { motions[moving ?? selected] = .step }
    return .resume(motions)
  }

  /// `vCont;ACTION[:THREAD];...`: for each vCPU the first action that names it or all counts.
  private func motions(_ argument: ArraySlice<UInt8>) -> Outcome {
    var motions = [DebugMotion?](repeating: nil, count: target.vcpuCount)
    for part in argument.split(separator: UInt8(ascii: ";")) {
      var text = GDBText(part)
      guard let action = text.next(), let motion = Self.motion(action, &text) else { return .invalid }
      guard text.skip(":"), !text.rest.elementsEqual("-1".utf8) else {
        guard text.isAtEnd || text.rest.elementsEqual("-1".utf8) else { return .invalid }
        for index in motions.indices where motions[index] == nil { motions[index] = motion }
        continue
      }
      guard let vcpu = thread(&text), text.isAtEnd else { return .invalid }
      motions[vcpu] = motions[vcpu] ?? motion
    }
    let known = motions.map { $0 ?? .stay }
    return known.contains { $0 != .stay } ? .resume(known) : .invalid
  }

  private static func motion(_ action: UInt8, _ text: inout GDBText) -> DebugMotion? {
    switch action {
    case UInt8(ascii: "c"): .go
    case UInt8(ascii: "s"): .step
    case UInt8(ascii: "C"): text.number() == nil ? nil : .go
    case UInt8(ascii: "S"): text.number() == nil ? nil : .step
    default: nil
    }
  }
}

/// A packet that is read from front to back.
struct GDBText {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: some Collection<UInt8>) {
    rest = ArraySlice(bytes)
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func next() -> UInt8? { rest.popFirst() }

  /// Whether `character` came next.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard rest.first.map({ UInt32($0) == character.value }) == true else { return false }
    rest.removeFirst()
    return true
  }

  /// A hexadecimal number of at most 64 bits; nil, and nothing taken, where none stands.
  mutating func number() -> UInt64? {
    let digits = rest.prefix { Hex.digit($0) != nil }
    guard let value = Hex.number(digits) else { return nil }
    rest = rest.dropFirst(digits.count)
    return value
  }
}
