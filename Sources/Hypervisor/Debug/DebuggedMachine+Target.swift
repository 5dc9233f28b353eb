internal import Devices

extension DebuggedMachine: DebugTarget {
  func registers(of vcpu: Int) -> RegisterFile? {
    perform(on: vcpu) { try? $0.registerFile() } ?? nil
  }

  func set(_ registers: RegisterFile, of vcpu: Int) -> Bool {
    perform(on: vcpu) { (try? $0.set(registers)) != nil } ?? false
  }

  func read(_ count: Int, at address: DebugAddress) -> [UInt8] {
    switch address {
    case .physical(let address): memory.read(count, at: address) { GuestAddress($0) }
    case .virtual(let address, let vcpu): memory.read(count, at: address) { self.translate($0, vcpu) }
    }
  }

  func write(_ bytes: [UInt8], at address: DebugAddress) -> Bool {
    switch address {
    case .physical(let address): memory.write(bytes, at: address) { GuestAddress($0) }
    case .virtual(let address, let vcpu): memory.write(bytes, at: address) { self.translate($0, vcpu) }
    }
  }

  func insert(_ breakpoint: DebugBreakpoint, seenBy vcpu: Int) throws(DebugRefusal) {
    switch breakpoint {
    case .software(let address):
      guard let place = translate(address, vcpu) else { throw .noMemory }
      guard memory.insertBreakpoint(for: address, at: place) else { throw .noneLeft }
    case .hardware(let wish) where wish.kind != .execute && !hasDataBreakpoints:
      try watchByStepping(wish, vcpu)
    case .hardware(let wish):
      guard registers.insert(wish) else { throw .noneLeft }
    }
  }

  func remove(_ breakpoint: DebugBreakpoint) {
    switch breakpoint {
    case .software(let address): memory.removeBreakpoint(for: address)
    case .hardware(let wish):
      registers.remove(wish)
      steppedWatches.removeAll { $0.breakpoint == wish }
    }
  }

  // MARK: Watching without debug registers

  /// A write that changes nothing and a read are not seen this way.
  private func watchByStepping(_ wish: DebugRegisters.Breakpoint, _ vcpu: Int) throws(DebugRefusal) {
    guard wish.kind == .write else { throw .unsupported }
    guard !steppedWatches.contains(where: { $0.breakpoint == wish }) else { return }
    guard steppedWatches.count < SteppedWatch.most, (1...SteppedWatch.mostBytes).contains(wish.size) else {
      throw .noneLeft
    }
    let size = Int(wish.size)
    var pieces: [GuestAddress] = []
    for offset in 0..<size {
      guard let place = translate(wish.address &+ UInt64(offset), vcpu) else { throw .noMemory }
      pieces.append(place)
    }
    steppedWatches.append(SteppedWatch(breakpoint: wish, places: pieces, value: memory.values(at: pieces)))
  }

  /// The first watched place whose value is another one than before.
  func takeChangedWatch() -> DebugRegisters.Breakpoint? {
    var changed: DebugRegisters.Breakpoint?
    for index in steppedWatches.indices {
      let value = memory.values(at: steppedWatches[index].places)
      guard value != steppedWatches[index].value else { continue }
      steppedWatches[index].value = value
      changed = changed ?? steppedWatches[index].breakpoint
    }
    return changed
  }
}

/// Memory whose value is compared after each instruction, on hosts whose KVM does not see the guest's accesses.
struct SteppedWatch {
  static let most = 4
  /// Bytes.
  static let mostBytes: UInt64 = 32

  let breakpoint: DebugRegisters.Breakpoint
  /// Where each byte was when the watch was set.
  let places: [GuestAddress]
  var value: [UInt8?]
}
