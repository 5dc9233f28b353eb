internal import Synchronization
public import SystemPackage

/// A virtio device on the PCI bus (virtio 1.2 section 4.1): configuration space, one memory region,
/// MSI-X or the pin. What the registers mean is TransportCore's.
public final class VirtioPCI: PCIFunction, BaseAddressTarget {
  /// The parts of the memory region, offsets and sizes in bytes.
  enum Region {
    static let common = 0x0000..<0x1000
    static let isr = 0x1000..<0x2000
    static let device = 0x2000..<0x3000
    static let notify = 0x3000..<0x4000
    static let messageTable = 0x4000..<0x6000
    static let pendingBits = 0x6000..<0x7000
  }

  /// Bytes of the memory region, which is what the guest may move.
  public static let memorySize: UInt64 = 0x8000
  /// Bytes between the notification addresses of two queues.
  static let notifyMultiplier = 4
  private static let baseAddressIndex = 0

  public let name: String
  let core: TransportCore
  let interrupts: PCIInterrupts
  private let bus: BaseAddressMap
  private let doorbells: any DoorbellRegistry
  let placement: Mutex<Placement>

  struct Placement {
    var configuration: ConfigurationSpace
    /// Where the memory region is now.
    var range: GuestRange?
  }

  /// - Parameters:
  ///   - address: where the memory region is before the guest moves it.
  ///   - pin: the line of INTA, for guests without MSI-X.
  ///   - name: for people.
  ///   - traces: where each queue is seen; none where nobody looks.
  public init(
    _ device: any VirtioDevice, memory: GuestMemory, at address: GuestAddress, on bus: BaseAddressMap,
    router: any MessageRouter, doorbells: any DoorbellRegistry, pin: LevelInterruptLine,
    name: String = "virtio", traces: [TraceWriter] = []
  ) throws(Errno) {
    self.name = name
    // One vector a queue and one for the configuration.
    let table = try MSIXTable(count: device.queueSizes.count + 1, router: router)
    interrupts = try PCIInterrupts(table: table, pin: PinInterrupt(line: pin))
    core = try TransportCore(device, memory: memory, interrupts: interrupts, traces: traces)
    self.bus = bus
    self.doorbells = doorbells
    placement = Mutex(
      Placement(configuration: ConfigurationSpace(device, vectors: table.vectors.count, at: address)))
  }

  /// Stops the device for good and waits until it touches no guest memory any more. No vCPU may run.
  public func shutDown() {
    core.shutDown()
    // The bus holds this function, and this function the bus.
    bus.place(self, at: nil)
  }

  // MARK: Configuration space

  public func readConfiguration(at offset: Int, width: Int) -> UInt32 {
    if let window = ConfigurationSpace.accessWindow(offset, width) {
      return readThroughWindow(window)
    }
    let value = placement.withLock { $0.configuration.read(at: offset, width: width) }
    let isAsked = (offset..<offset + width).contains(Self.interruptStatus.byte)
    guard isAsked, interrupts.pin.isWanted else { return value }
    return value | Self.interruptStatus.bit << UInt32(8 * (Self.interruptStatus.byte - offset))
  }

  /// Bit 3 of the status register: the pin is asserted, or would be were it not switched off.
  private static let interruptStatus = (byte: ConfigurationSpace.Register.status, bit: UInt32(1 << 3))

  public func writeConfiguration(_ value: UInt32, at offset: Int, width: Int) {
    placement.withLock { placement in
      placement.configuration.write(value, at: offset, width: width)
      if interrupts.follow(placement.configuration) { core.signalAgain() }
      core.setBusMaster(placement.configuration.command.contains(.busMaster))
      move(&placement)
    }
    if ConfigurationSpace.accessWindow(offset, width) != nil { writeThroughWindow(value, width: width) }
  }

  /// Follows the base address register and the command register's memory bit.
  func move(_ placement: inout Placement) {
    let wanted = placement.configuration.memoryRange(Self.baseAddressIndex, size: Self.memorySize)
    guard wanted != placement.range else { return }
    if let old = placement.range { connectDoorbells(at: old, doorbells.disconnect) }
    placement.range = wanted
    bus.place(self, at: wanted)
    if let wanted { connectDoorbells(at: wanted, doorbells.connect) }
  }

  private func connectDoorbells(at range: GuestRange, _ body: (SharedEvent, GuestAddress) -> Void) {
    for (index, doorbell) in core.doorbells.enumerated() {
      let offset = UInt64(Region.notify.lowerBound + index * Self.notifyMultiplier)
      body(doorbell, GuestAddress(range.base.value &+ offset))
    }
  }

  // MARK: The memory region

  public func readMemory(at offset: UInt64, width: Int) -> UInt64 {
    let offset = Int(truncatingIfNeeded: offset)
    switch offset {
    case Region.common: return readCommon(at: offset, width: width)
    case Region.isr: return UInt64(interrupts.pin.takeStatus())
    case Region.device:
      return core.readConfiguration(at: offset &- Region.device.lowerBound, width: width)
    case Region.messageTable:
      return interrupts.table.read(at: offset &- Region.messageTable.lowerBound, width: width)
    case Region.pendingBits:
      return interrupts.table.readPending(at: offset &- Region.pendingBits.lowerBound, width: width)
    default: return UInt64.max
    }
  }

  public func writeMemory(_ value: UInt64, at offset: UInt64, width: Int) {
    let offset = Int(truncatingIfNeeded: offset)
    switch offset {
    case Region.common: writeCommon(value, at: offset, width: width)
    case Region.device:
      core.writeConfiguration(value, at: offset &- Region.device.lowerBound, width: width)
    case Region.notify:
      core.notify(queue: (offset &- Region.notify.lowerBound) / Self.notifyMultiplier)
    case Region.messageTable:
      interrupts.table.write(value, at: offset &- Region.messageTable.lowerBound, width: width)
    default: break
    }
  }

  /// The guest ended an interrupt of the pin's line.
  public func pinWasAcknowledged() {
    interrupts.pin.wasAcknowledged()
  }
}

extension VirtioPCI {
  // MARK: The window in configuration space (section 4.1.4.9)

  private func readThroughWindow(_ window: Range<Int>) -> UInt32 {
    let target = placement.withLock { $0.configuration.accessTarget }
    guard let (offset, width) = target else {
      return placement.withLock {
        $0.configuration.read(at: window.lowerBound, width: window.count)
      }
    }
    return UInt32(truncatingIfNeeded: readMemory(at: offset, width: width))
  }

  private func writeThroughWindow(_ value: UInt32, width: Int) {
    let target = placement.withLock { $0.configuration.accessTarget }
    if let (offset, width) = target { writeMemory(UInt64(value), at: offset, width: width) }
  }
}

/// A PCI function's interrupts: by message where MSI-X is on, else by the pin.
final class PCIInterrupts: TransportInterrupts {
  let table: MSIXTable
  let pin: PinInterrupt
  let messages: MessageSwitch

  init(table: MSIXTable, pin: PinInterrupt) throws(Errno) {
    self.table = table
    self.pin = pin
    messages = try MessageSwitch(or: pin)
  }

  /// Takes up the registers that say how the function interrupts.
  ///
  /// - Returns: whether something waited in the way that it does not take any more.
  func follow(_ configuration: ConfigurationSpace) -> Bool {
    let (wasOn, isOn) = (messages.isOn, configuration.messageControl.isEnabled)
    messages.set(isOn)
    table.setControl(isEnabled: isOn, isFunctionMasked: configuration.holdsMessages)
    pin.setSilent(configuration.isPinSilent)
    guard isOn != wasOn else { return false }
    return isOn ? pin.takeStatus() != 0 : table.takeWaiting()
  }

  func restore(_ state: MSIXTable.State, _ configuration: ConfigurationSpace) {
    let isOn = configuration.messageControl.isEnabled
    messages.set(isOn)
    table.restore(state, (isOn, configuration.holdsMessages))
    pin.setSilent(configuration.isPinSilent)
  }

  func interrupt(vector: UInt16, trace: TraceWriter) -> QueueInterrupt {
    QueueInterrupt(message: message(vector), messages, trace: trace)
  }

  func signalConfiguration(vector: UInt16) {
    messages.signal(message(vector), .configuration)
  }

  func cleared() {
    pin.clear()
  }

  /// Nil for the number that says "none", and for those past the table.
  func message(_ vector: UInt16) -> MessageVector? {
    table.vectors.indices.contains(Int(vector)) ? table.vectors[Int(vector)] : nil
  }
}
