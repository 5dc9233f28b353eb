internal import Devices

/// Breakpoints that are written into the guest's code: INT3 in place of an instruction's first byte.
///
/// Kept by physical address, where the byte is: so that one is found by whichever mapping the guest runs into it,
/// and hidden from whichever mapping it is read by.
struct SoftwareBreakpoints {
  static let instruction: UInt8 = 0xCC

  /// More than a person sets; a client that sets ever more gets no further.
  static let most = 1024

  private struct Patch {
    /// What stands there without us.
    var original: UInt8
    /// The virtual addresses that somebody asked for.
    var owners: [UInt64]
  }

  private var patches: [GuestAddress: Patch] = [:]
  /// Where each was when it was asked for: the guest may map another page there meanwhile.
  private var places: [UInt64: GuestAddress] = [:]

  var isEmpty: Bool { patches.isEmpty }

  func isThere(_ address: GuestAddress) -> Bool { patches[address] != nil }

  /// Sets one for the virtual address `owner`, which is at `address`. Setting it again changes nothing.
  ///
  /// - Returns: false where there are too many, or there is no memory.
  mutating func insert(for owner: UInt64, at address: GuestAddress, in memory: GuestMemory) -> Bool {
    if places[owner] == address { return true }
    remove(for: owner, from: memory)
    guard places.count < Self.most else { return false }
    if patches[address] == nil {
      guard let original = try? memory.read(UInt8.self, at: address),
        (try? memory.write(Self.instruction, at: address)) != nil
      else { return false }
      patches[address] = Patch(original: original, owners: [])
    }
    patches[address]?.owners.append(owner)
    places[owner] = address
    return true
  }

  /// Takes the one for the virtual address `owner` out, if it is there.
  mutating func remove(for owner: UInt64, from memory: GuestMemory) {
    guard let address = places.removeValue(forKey: owner), var patch = patches[address] else { return }
    patch.owners.removeAll { $0 == owner }
    guard patch.owners.isEmpty else {
      patches[address] = patch
      return
    }
    patches[address] = nil
    // Where the guest has put other code meanwhile, that stays.
    guard (try? memory.read(UInt8.self, at: address)) == Self.instruction else { return }
    try? memory.write(patch.original, at: address)
  }

  mutating func removeAll(from memory: GuestMemory) {
    for owner in Array(places.keys) { remove(for: owner, from: memory) }
  }

  /// Puts what stands there without us into `bytes`, which were read at `address`.
  func hide(in bytes: inout [UInt8], at address: GuestAddress) {
    for (place, patch) in patches {
      guard let index = Self.index(of: place, in: bytes.count, from: address) else { continue }
      // The guest may have put other code there.
      if bytes[index] == Self.instruction { bytes[index] = patch.original }
    }
  }

  /// Keeps what breakpoints cover of `bytes`, which are to be written at `address`, and leaves the breakpoints
  /// in them.
  mutating func absorb(_ bytes: inout [UInt8], at address: GuestAddress) {
    for place in Array(patches.keys) {
      guard let index = Self.index(of: place, in: bytes.count, from: address) else { continue }
      patches[place]?.original = bytes[index]
      bytes[index] = Self.instruction
    }
  }

  private static func index(of place: GuestAddress, in count: Int, from address: GuestAddress) -> Int? {
    guard place >= address else { return nil }
    let offset = place.value &- address.value
    return offset < UInt64(count) ? Int(offset) : nil
  }
}
