extension ConfigurationSpace {
  /// Where the capabilities that a virtio function's code comes back to lie: MSI-X is the first.
  private static let messageCapability = 0x40

  /// The configuration space of a virtio device (virtio 1.2 sections 4.1.2, 4.1.4).
  init(_ device: any VirtioDevice, vectors: Int, at address: GuestAddress) {
    typealias Region = VirtioPCI.Region
    let revision: UInt8 = 1
    self.init(
      Identity(
        vendorID: 0x1AF4, deviceID: 0x1040 + device.type.rawValue, classCode: device.type.classCode,
        revisionID: revision, subsystemVendorID: 0x1AF4,
        subsystemID: 0x40 + device.type.rawValue, interruptPin: .intA))
    defineMemoryBaseAddress(0, size: VirtioPCI.memorySize, address: address)

    let tableOffset = UInt32(Region.messageTable.lowerBound)
    let pendingOffset = UInt32(Region.pendingBits.lowerBound)
    let position = addCapability(
      Capability.msix, [0, 0] + tableOffset.littleEndianBytes + pendingOffset.littleEndianBytes)
    assert(position == Self.messageCapability)
    define(UInt16(vectors - 1), at: position + 2, writable: 0xC000)

    addRegion(1, Region.common.lowerBound, size: VirtioPCI.commonSize)
    let multiplier = UInt32(VirtioPCI.notifyMultiplier).littleEndianBytes
    addRegion(
      2, Region.notify.lowerBound, size: device.queueSizes.count * VirtioPCI.notifyMultiplier,
      multiplier)
    addRegion(3, Region.isr.lowerBound, size: 1)
    if device.configurationSize > 0 {
      addRegion(4, Region.device.lowerBound, size: device.configurationSize)
    }
    defineAccessWindow()
  }

  /// A capability that names a part of the memory region (section 4.1.4).
  @discardableResult
  private mutating func addRegion(
    _ type: UInt8, _ offset: Int, size: Int, _ more: [UInt8] = []
  ) -> Int {
    let length = UInt8(16 + more.count)
    let baseAddressIndex: UInt8 = 0
    return addCapability(
      Capability.vendorSpecific,
      [length, type, baseAddressIndex, 0, 0, 0] + UInt32(offset).littleEndianBytes
        + UInt32(size).littleEndianBytes + more)
  }

  // MARK: Message control

  /// Bits 15 and 14 of MSI-X message control.
  var messageControl: (isEnabled: Bool, isFunctionMasked: Bool) {
    let control: UInt16 = value(at: Self.messageCapability + 2)
    return (control & 0x8000 != 0, control & 0x4000 != 0)
  }

  /// Whether no message may leave: the function is masked, or no bus master, to which a message is a write like others
  /// (PCI Local Bus 3.0 section 6.2.2).
  var holdsMessages: Bool { messageControl.isFunctionMasked || !command.contains(.busMaster) }

  /// Whether the pin is switched off, or messages take its place.
  var isPinSilent: Bool { command.contains(.interruptDisable) || messageControl.isEnabled }

  // MARK: The access window (section 4.1.4.9)

  // MSI-X takes 12 bytes, three regions 16, 20 and 16, the device's 16 where there is one; the window
  // comes at a fixed place behind them all.
  private static let windowCapability = 0xA0
  private static let windowData = windowCapability + 16

  private mutating func defineAccessWindow() {
    endOfCapabilities = Self.windowCapability
    let position = addRegion(5, 0, size: 0, [0, 0, 0, 0])
    define(UInt8(0), at: position + 4, writable: 0xFF)
    define(UInt32(0), at: position + 8, writable: .max)
    define(UInt32(0), at: position + 12, writable: .max)
    define(UInt32(0), at: position + 16, writable: .max)
  }

  /// The access as a range where it lies in the window's data, else nil.
  static func accessWindow(_ offset: Int, _ width: Int) -> Range<Int>? {
    offset == windowData ? offset..<offset + width : nil
  }

  /// What the window's registers point at; nil where that is no access of 1, 2 or 4 bytes within the
  /// memory region.
  var accessTarget: (offset: UInt64, width: Int)? {
    let index: UInt8 = value(at: Self.windowCapability + 4)
    let offset: UInt32 = value(at: Self.windowCapability + 8)
    let length: UInt32 = value(at: Self.windowCapability + 12)
    guard index == 0, [1, 2, 4].contains(length), offset % length == 0,
      UInt64(offset) + UInt64(length) <= VirtioPCI.memorySize
    else { return nil }
    return (UInt64(offset), Int(length))
  }
}

extension VirtioDeviceType {
  /// The PCI class code that systems show for it.
  fileprivate var classCode: UInt32 {
    switch self {
    case .net: 0x02_0000  // Ethernet controller
    case .block: 0x01_8000  // other mass storage
    case .console: 0x07_8000  // other communication
    case .entropy: 0xFF_0000  // unassigned
    }
  }
}

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self &>> Self(8 &* $0)) }
  }
}
