/// Feature bits of a network device (virtio 1.2 section 5.1.3).
extension VirtioFeatures {
  /// The device takes frames with partial checksums.
  static let netChecksum = VirtioFeatures(bit: 0)
  /// The driver takes frames with partial checksums.
  static let netGuestChecksum = VirtioFeatures(bit: 1)
  static let netControlGuestOffloads = VirtioFeatures(bit: 2)
  static let netMTU = VirtioFeatures(bit: 3)
  static let netMAC = VirtioFeatures(bit: 5)
  static let netGuestTSO4 = VirtioFeatures(bit: 7)
  static let netGuestTSO6 = VirtioFeatures(bit: 8)
  static let netGuestECN = VirtioFeatures(bit: 9)
  static let netHostTSO4 = VirtioFeatures(bit: 11)
  static let netHostTSO6 = VirtioFeatures(bit: 12)
  static let netHostECN = VirtioFeatures(bit: 13)
  static let netMergeableBuffers = VirtioFeatures(bit: 15)
  static let netStatus = VirtioFeatures(bit: 16)
  static let netControlQueue = VirtioFeatures(bit: 17)
  static let netControlReceive = VirtioFeatures(bit: 18)
  static let netControlVLAN = VirtioFeatures(bit: 19)
  static let netControlReceiveExtra = VirtioFeatures(bit: 20)
  static let netMultiqueue = VirtioFeatures(bit: 22)
  static let netControlMAC = VirtioFeatures(bit: 23)
  static let netGuestUSO4 = VirtioFeatures(bit: 54)
  static let netGuestUSO6 = VirtioFeatures(bit: 55)
  static let netHostUSO = VirtioFeatures(bit: 56)

  /// Those that say what the driver takes; a command may switch them while it runs.
  static let netGuestOffloads: VirtioFeatures = [
    .netGuestChecksum, .netGuestTSO4, .netGuestTSO6, .netGuestECN, .netGuestUSO4, .netGuestUSO6,
  ]

  /// Without what needs a feature that is not there (section 5.1.3.1).
  var withoutUnmetNetDependencies: VirtioFeatures {
    var result = self
    if !contains(.netChecksum) { result.subtract([.netHostTSO4, .netHostTSO6, .netHostECN, .netHostUSO]) }
    if !contains(.netGuestChecksum) { result.subtract(.netGuestOffloads) }
    if !contains(.netControlQueue) {
      result.subtract([
        .netControlReceive, .netControlReceiveExtra, .netControlVLAN, .netControlMAC, .netMultiqueue,
        .netControlGuestOffloads,
      ])
    }
    return result
  }
}

/// The device configuration structure (section 5.1.4).
struct NetConfiguration {
  static let size = 12
  static let linkUp: UInt16 = 1

  var mac: MACAddress
  var status: UInt16
  var maximumQueuePairs: UInt16
  var mtu: UInt16

  /// `width` bytes from `offset` on, little-endian, all within the structure.
  func read(at offset: Int, width: Int) -> UInt64 {
    let address = mac.bytes
    let bytes =
      address + [status, maximumQueuePairs, mtu].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    return bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// The header before each frame (section 5.1.6).
struct NetHeader: Equatable, BitwiseCopyable {
  static let size = 12

  var flags: UInt8 = 0
  var gsoType: UInt8 = 0
  var headerLength: UInt16 = 0
  var gsoSize: UInt16 = 0
  var checksumStart: UInt16 = 0
  var checksumOffset: UInt16 = 0
  var bufferCount: UInt16 = 0

  static let needsChecksum: UInt8 = 1

  enum Segmentation {
    static let none: UInt8 = 0
    static let tcp4: UInt8 = 1
    static let tcp6: UInt8 = 4
    static let udp: UInt8 = 5
    /// Beside tcp4 and tcp6.
    static let ecn: UInt8 = 0x80
  }

  /// What a driver wrote, as the host may see it; nil where it asks for what was not negotiated or
  /// what its frame does not have.
  ///
  /// - Parameter length: bytes of the frame behind it.
  func checked(_ features: VirtioFeatures, frame length: Int) -> NetHeader? {
    var header = NetHeader()
    // Bits that the device does not know are ignored.
    if flags & Self.needsChecksum != 0 {
      guard features.contains(.netChecksum) else { return nil }
      guard Int(checksumStart) + Int(checksumOffset) + 2 <= length else { return nil }
      header.flags = Self.needsChecksum
      header.checksumStart = checksumStart
      header.checksumOffset = checksumOffset
    }
    if gsoType != Segmentation.none {
      guard header.flags != 0, gsoSize > 0, permits(gsoType, features) else { return nil }
      header.gsoType = gsoType
      header.gsoSize = gsoSize
    }
    // A hint only.
    header.headerLength = UInt16(clamping: min(Int(headerLength), length))
    return header
  }

  private func permits(_ type: UInt8, _ features: VirtioFeatures) -> Bool {
    switch type {
    case Segmentation.tcp4: features.contains(.netHostTSO4)
    case Segmentation.tcp6: features.contains(.netHostTSO6)
    case Segmentation.tcp4 | Segmentation.ecn: features.isSuperset(of: [.netHostTSO4, .netHostECN])
    case Segmentation.tcp6 | Segmentation.ecn: features.isSuperset(of: [.netHostTSO6, .netHostECN])
    case Segmentation.udp: features.contains(.netHostUSO)
    default: false
    }
  }
}

/// Why a received frame's header says what the driver did not agree to, if it does: it was queued
/// before an offload was switched off.
enum ReceivedHeader {
  static func isAcceptable(flags: UInt8, gsoType: UInt8, offloads: VirtioFeatures) -> Bool {
    if flags & NetHeader.needsChecksum != 0, !offloads.contains(.netGuestChecksum) { return false }
    switch gsoType & ~NetHeader.Segmentation.ecn {
    case NetHeader.Segmentation.none: return true
    case NetHeader.Segmentation.tcp4: return offloads.contains(.netGuestTSO4)
    case NetHeader.Segmentation.tcp6: return offloads.contains(.netGuestTSO6)
    case NetHeader.Segmentation.udp:
      return !offloads.isDisjoint(with: [.netGuestUSO4, .netGuestUSO6])
    default: return false
    }
  }
}
