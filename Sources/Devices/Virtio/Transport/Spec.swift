/// What a virtio device is (virtio 1.2 section 5).
public enum VirtioDeviceType: UInt16, Sendable {
  case net = 1
  case block = 2
  case console = 3
  case entropy = 4
}

/// Feature bits that belong to no device type (section 6).
public struct VirtioFeatures: OptionSet, Hashable, Sendable, Codable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// A single bit, 0 to 63.
  public init(bit: UInt64) {
    rawValue = 1 << bit
  }

  /// VIRTIO_F_INDIRECT_DESC: a descriptor may refer to a table of descriptors.
  public static let indirectDescriptors = VirtioFeatures(bit: 28)
  /// VIRTIO_F_EVENT_IDX: each side says from which index on it wants to be notified.
  public static let eventIndex = VirtioFeatures(bit: 29)
  /// VIRTIO_F_VERSION_1: not the legacy interface.
  public static let version1 = VirtioFeatures(bit: 32)
  /// VIRTIO_F_RING_RESET: one queue can be reset alone.
  public static let ringReset = VirtioFeatures(bit: 40)

  /// What every device here offers.
  static let common: VirtioFeatures = [.indirectDescriptors, .eventIndex, .version1, .ringReset]
}

/// The device status field (section 2.1).
public struct DeviceStatus: OptionSet, Hashable, Sendable, Codable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  public static let acknowledge = DeviceStatus(rawValue: 1 << 0)
  public static let driver = DeviceStatus(rawValue: 1 << 1)
  public static let driverOK = DeviceStatus(rawValue: 1 << 2)
  public static let featuresOK = DeviceStatus(rawValue: 1 << 3)
  public static let needsReset = DeviceStatus(rawValue: 1 << 6)
  public static let failed = DeviceStatus(rawValue: 1 << 7)
}

/// The layout of a split virtqueue (section 2.7).
enum SplitRing {
  static let descriptorSize: UInt64 = 16
  static let availableHeaderSize: UInt64 = 4
  static let usedHeaderSize: UInt64 = 4
  static let usedElementSize: UInt64 = 8

  /// Bytes of the descriptor table.
  static func descriptorTableSize(_ size: UInt16) -> UInt64 { 16 * UInt64(size) }
  /// Bytes of the available ring, its used_event included.
  static func availableSize(_ size: UInt16) -> UInt64 { 6 + 2 * UInt64(size) }
  /// Bytes of the used ring, its avail_event included.
  static func usedSize(_ size: UInt16) -> UInt64 { 6 + 8 * UInt64(size) }
}
