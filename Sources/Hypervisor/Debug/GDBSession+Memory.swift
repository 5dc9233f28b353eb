extension GDBSession {
  /// Bytes that one packet of memory has at most, as two digits each.
  private static let mostMemory = UInt64(GDBFraming.mostPayload / 2)

  /// `m ADDRESS,LENGTH`
  func readMemory(_ text: inout GDBText) -> Outcome {
    guard let address = text.number(), text.skip(","), let length = text.number(), text.isAtEnd else {
      return .invalid
    }
    guard length > 0 else { return .reply("") }
    // Fewer than asked for are an answer too.
    let bytes = target.read(Int(min(length, Self.mostMemory)), at: place(address))
    return bytes.isEmpty ? .fault : .reply(Hex.text(bytes))
  }

  /// `M ADDRESS,LENGTH:BYTES` in hexadecimal digits, `X` as they are.
  func writeMemory(_ text: inout GDBText, _ decode: (ArraySlice<UInt8>) -> [UInt8]?) -> Outcome {
    guard let address = text.number(), text.skip(","), let length = text.number(), text.skip(":"),
      let bytes = decode(text.rest), UInt64(bytes.count) == length
    else { return .invalid }
    return bytes.isEmpty || target.write(bytes, at: place(address)) ? .ok : .fault
  }

  /// `Z TYPE,ADDRESS,KIND`, and `z` the same.
  func changeBreakpoint(_ text: inout GDBText, isInserted: Bool) -> Outcome {
    let type = text.next()
    guard text.skip(","), let address = text.number(), text.skip(","), let size = text.number() else {
      return .invalid
    }
    let breakpoint: DebugBreakpoint
    switch type {
    case UInt8(ascii: "0"): breakpoint = .software(address)
    case UInt8(ascii: "1"): breakpoint = .hardware(.init(kind: .execute, address: address, size: 1))
    case UInt8(ascii: "2"): breakpoint = .hardware(.init(kind: .write, address: address, size: size))
    case UInt8(ascii: "4"): breakpoint = .hardware(.init(kind: .access, address: address, size: size))
    // gdb makes a watch on reads, which x86 does not have, from one on accesses.
    default: return .unknown
    }
    guard isInserted else {
      target.remove(breakpoint)
      return .ok
    }
    do throws(DebugRefusal) {
      try target.insert(breakpoint, seenBy: selected)
      return .ok
    } catch {
      switch error {
      case .noMemory: return .fault
      case .noneLeft: return .noneLeft
      case .unsupported: return .unknown
      }
    }
  }

  private func place(_ address: UInt64) -> DebugAddress {
    isPhysical ? .physical(address) : .virtual(address, vcpu: selected)
  }
}
