public import Devices

/// A driver of a virtio device on PCI, as far as the transport: it finds the registers by the
/// capabilities and takes the device through its states.
public final class PCIDriver {
  public let function: VirtioPCI
  public let arena: GuestArena
  public let bus = BaseAddressMap()
  public let router = RecordingRouter()
  public let doorbells = RecordingDoorbells()
  public let pin: LevelInterruptLine
  /// Where the function's memory is at first.
  public static let address: GuestAddress = 0xC000_0000

  /// Parts of the memory region by type of capability (1 common, 2 notify, 3 ISR, 4 device).
  public private(set) var parts: [UInt8: (offset: UInt64, size: UInt64)] = [:]
  public private(set) var notifyMultiplier: UInt64 = 0
  /// Where the table and the pending bits are, and how many vectors there are.
  public private(set) var messages: (table: UInt64, pending: UInt64, count: Int)?
  /// Where the MSI-X capability and the access window are in configuration space.
  public private(set) var messageCapability = 0
  public private(set) var windowCapability = 0

  /// - Parameter decodes: whether the function's memory is switched on.
  public init(_ device: any VirtioDevice, arena: GuestArena, decodes: Bool = true, traces: [TraceWriter] = [])
    throws
  {
    self.arena = arena
    pin = try LevelInterruptLine()
    function = try VirtioPCI(
      device, memory: arena.memory, at: Self.address, on: bus, router: router, doorbells: doorbells,
      pin: pin, traces: traces)
    if decodes { function.writeConfiguration(6, at: 0x04, width: 2) }
    walkCapabilities()
  }

  // MARK: Configuration space

  private func walkCapabilities() {
    var position = configuration(0x34, 1)
    while position != 0 {
      let at = Int(position)
      switch configuration(at, 1) {
      case 0x09: walkPart(at)
      case 0x11:
        messageCapability = at
        messages = (
          UInt64(configuration(at + 4, 4) & ~7), UInt64(configuration(at + 8, 4) & ~7),
          Int(configuration(at + 2, 2) & 0x7FF) + 1
        )
      default: break
      }
      position = configuration(at + 1, 1)
    }
  }

  private func walkPart(_ at: Int) {
    let type = UInt8(configuration(at + 3, 1))
    if type == 5 {
      windowCapability = at
      return
    }
    // The first of a type is the device's preferred one.
    guard parts[type] == nil else { return }
    parts[type] = (UInt64(configuration(at + 8, 4)), UInt64(configuration(at + 12, 4)))
    if type == 2 { notifyMultiplier = UInt64(configuration(at + 16, 4)) }
  }

  /// Reads configuration space, cut to `width` bytes.
  public func configuration(_ offset: Int, _ width: Int) -> UInt32 {
    let value = function.readConfiguration(at: offset, width: width)
    return width < 4 ? value & ((1 << UInt32(8 * width)) - 1) : value
  }

  /// Switches MSI-X on, with vector n of the message 0xFEE00000, n.
  public func enableMessages() {
    guard let messages else { return }
    for index in 0..<messages.count {
      let entry = messages.table + UInt64(16 * index)
      function.writeMemory(0xFEE0_0000, at: entry, width: 4)
      function.writeMemory(0, at: entry + 4, width: 4)
      function.writeMemory(UInt64(index), at: entry + 8, width: 4)
      function.writeMemory(0, at: entry + 12, width: 4)
    }
    function.writeConfiguration(0x8000, at: messageCapability + 2, width: 2)
  }

  /// Which vectors hold a message back, a bit each, of the first 64.
  public var pendingMessages: UInt64 {
    messages.map { function.readMemory(at: $0.pending, width: 8) } ?? 0
  }

  /// Lets the device reach memory, or not; its own memory is switched on.
  public func setBusMaster(_ isOn: Bool) {
    function.writeConfiguration(isOn ? 6 : 2, at: 0x04, width: 2)
  }

  // MARK: Common configuration

  /// Offsets and widths of the common configuration structure (virtio 1.2 section 4.1.4.3).
  public enum Register: Int, CaseIterable, Sendable {
    case deviceFeatureSelect = 0x00
    case deviceFeature = 0x04
    case driverFeatureSelect = 0x08
    case driverFeature = 0x0C
    case configurationVector = 0x10
    case queueCount = 0x12
    case status = 0x14
    case generation = 0x15
    case queueSelect = 0x16
    case queueSize = 0x18
    case queueVector = 0x1A
    case queueEnable = 0x1C
    case queueNotifyOffset = 0x1E
    case queueDescriptors = 0x20
    case queueAvailable = 0x28
    case queueUsed = 0x30
    case queueNotifyData = 0x38
    case queueReset = 0x3A

    public var width: Int {
      switch self {
      case .deviceFeatureSelect, .deviceFeature, .driverFeatureSelect, .driverFeature: 4
      case .status, .generation: 1
      case .queueDescriptors, .queueAvailable, .queueUsed: 8
      default: 2
      }
    }
  }

  public func read(_ register: Register) -> UInt64 {
    readCommon(register.rawValue, register.width)
  }

  public func write(_ value: UInt64, to register: Register) {
    function.writeMemory(
      value, at: (parts[1]?.offset ?? 0) + UInt64(register.rawValue), width: register.width)
  }

  /// Reads the structure anywhere, cut to `width` bytes.
  public func readCommon(_ offset: Int, _ width: Int) -> UInt64 {
    let value = function.readMemory(at: (parts[1]?.offset ?? 0) + UInt64(offset), width: width)
    return width < 8 ? value & ((1 << UInt64(8 * width)) - 1) : value
  }

  public var status: DeviceStatus { DeviceStatus(rawValue: UInt8(truncatingIfNeeded: read(.status))) }

  public func set(_ bits: DeviceStatus) {
    write(UInt64(status.union(bits).rawValue), to: .status)
  }

  public var offeredFeatures: VirtioFeatures {
    var value: UInt64 = 0
    for window in 0..<UInt64(2) {
      write(window, to: .deviceFeatureSelect)
      value |= read(.deviceFeature) << (32 * window)
    }
    return VirtioFeatures(rawValue: value)
  }

  public func setDriverFeatures(_ features: VirtioFeatures) {
    for window in 0..<UInt64(2) {
      write(window, to: .driverFeatureSelect)
      write(features.rawValue >> (32 * window) & 0xFFFF_FFFF, to: .driverFeature)
    }
  }

  // MARK: The states

  /// Resets and waits until the device is through with it.
  public func reset() throws {
    write(0, to: .status)
    try wait { status == [] }
  }

  /// Resets and agrees on features: all that is offered where nil.
  ///
  /// - Returns: whether the device took them.
  @discardableResult
  public func negotiate(_ features: VirtioFeatures? = nil) throws -> Bool {
    try reset()
    set(.acknowledge)
    set(.driver)
    setDriverFeatures(features ?? offeredFeatures)
    set(.featuresOK)
    return status.contains(.featuresOK)
  }

  /// Gives the device a queue, in memory of its own, and the vector 1 + index.
  ///
  /// - Parameter size: nil: as large as the device offers.
  public func setUp(queue index: Int, size: UInt16? = nil) throws -> DriverQueue {
    write(UInt64(index), to: .queueSelect)
    let layout = try RingLayout(size: size ?? UInt16(read(.queueSize)), in: arena)
    try configure(queue: index, layout)
    return try DriverQueue(
      layout, in: arena.memory,
      usesEventIndex: driverFeatures.contains(.eventIndex))
  }

  /// Writes a queue's registers and enables it, right or wrong.
  public func configure(queue index: Int, _ layout: RingLayout) throws {
    write(UInt64(index), to: .queueSelect)
    write(UInt64(layout.size), to: .queueSize)
    write(layout.descriptorTable, to: .queueDescriptors)
    write(layout.availableRing, to: .queueAvailable)
    write(layout.usedRing, to: .queueUsed)
    write(UInt64(1 + index), to: .queueVector)
    write(1, to: .queueEnable)
  }

  public var driverFeatures: VirtioFeatures {
    var value: UInt64 = 0
    for window in 0..<UInt64(2) {
      write(window, to: .driverFeatureSelect)
      value |= read(.driverFeature) << (32 * window)
    }
    return VirtioFeatures(rawValue: value)
  }

  /// Negotiates, sets up every queue and says that the driver is ready.
  public func start(_ features: VirtioFeatures? = nil, size: UInt16? = nil) throws -> [DriverQueue] {
    try negotiate(features)
    enableMessages()
    var queues: [DriverQueue] = []
    for index in 0..<Int(read(.queueCount)) { queues.append(try setUp(queue: index, size: size)) }
    set(.driverOK)
    return queues
  }

  // MARK: Running

  /// Notifies through the memory region, as where the kernel does not watch the address.
  public func notify(_ index: Int) {
    guard let notify = parts[2] else { return }
    function.writeMemory(
      UInt64(index), at: notify.offset + UInt64(index) * notifyMultiplier, width: 2)
  }

  /// Publishes what was added and notifies the device where it wants that.
  public func kick(_ queue: DriverQueue, _ index: Int) throws {
    if try queue.publish() { notify(index) }
  }

  /// The vector of a queue that `setUp` set up.
  public func vector(ofQueue index: Int) -> MessageVector { router.vectors[1 + index] }

  /// Waits for the next chain that the device gives back.
  public func waitForUsed(_ queue: DriverQueue, _ index: Int) throws -> DriverQueue.Used {
    try queue.waitForUsed(interrupt: vector(ofQueue: index).event)
  }

  /// Waits for a change that the device makes on its own thread and tells by registers alone.
  public func wait(until condition: () -> Bool) throws {
    let pause = try EventDescriptor()
    for _ in 0..<60_000 {
      if condition() { return }
      try? pause.wait(milliseconds: 1)
    }
    throw WaitedTooLong()
  }
}
