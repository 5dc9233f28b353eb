internal import Synchronization
internal import SystemPackage

/// What is the same for a virtio device behind any transport: status, features, queues, and when the
/// device is told of them (virtio 1.2 sections 2 and 3). A transport translates offsets to these calls.
///
/// Any vCPU may call at any time. One lock guards the registers, and is held while the device is told,
/// so that the device sees one call at a time and in the order of the registers' changes.
public final class TransportCore: Sendable {
  struct Registers {
    /// Whether the device may reach guest memory: the bus's affair, which no reset of the device changes.
    var isBusMaster = false
    var status: DeviceStatus = []
    /// A reset was asked for and the device is not through with it: status reads as before.
    var isResetting = false
    var deviceFeatureSelect: UInt32 = 0
    var driverFeatureSelect: UInt32 = 0
    var driverFeatures: VirtioFeatures = []
    var queueSelect: UInt16 = 0
    var queues: [QueueConfiguration]
    /// Queues whose own reset is on its way.
    var resettingQueues: Set<Int> = []
    /// The bit was taken away while the device worked: it works again after a reset.
    var isCutOff = false
    var configurationVector = QueueConfiguration.noVector
    var generation: UInt8 = 0
  }

  public let device: any VirtioDevice
  public let memory: GuestMemory
  /// One for each queue, as long as the device lives.
  public let doorbells: [SharedEvent]
  let offered: VirtioFeatures
  let registers: Mutex<Registers>
  private let interrupts: any TransportInterrupts
  /// One for each queue, or none.
  private let traces: [TraceWriter]
  // Made while descriptors can still be refused.
  private let stopped: Latch

  init(
    _ device: any VirtioDevice, memory: GuestMemory, interrupts: any TransportInterrupts,
    traces: [TraceWriter] = []
  ) throws(Errno) {
    self.device = device
    self.interrupts = interrupts
    self.traces = traces
    stopped = try Latch()
    self.memory = memory
    offered = VirtioFeatures.common.union(device.features)
    var doorbells: [SharedEvent] = []
    for _ in device.queueSizes { doorbells.append(try SharedEvent()) }
    self.doorbells = doorbells
    registers = Mutex(Registers(queues: device.queueSizes.map { QueueConfiguration(maximumSize: $0) }))
  }

  /// Stops the device for good and waits until it touches no guest memory any more. No vCPU may run.
  func shutDown() {
    device.reset { [stopped] in stopped.open() }
    stopped.wait()
  }

  // MARK: Features (section 2.2)

  func readDeviceFeatures(_ registers: borrowing Registers) -> UInt32 {
    Self.window(offered, registers.deviceFeatureSelect)
  }

  /// 32 bits of a feature set; the third and later windows are empty.
  static func window(_ features: VirtioFeatures, _ select: UInt32) -> UInt32 {
    select < 2 ? UInt32(truncatingIfNeeded: features.rawValue &>> UInt64(32 &* select)) : 0
  }

  /// The driver's features may change until it says that they are final.
  func writeDriverFeatures(_ value: UInt32, _ registers: inout Registers) {
    guard registers.driverFeatureSelect < 2, !registers.status.contains(.featuresOK) else { return }
    let shift = UInt64(32 &* registers.driverFeatureSelect)
    let kept = registers.driverFeatures.rawValue & ~(0xFFFF_FFFF &<< shift)
    registers.driverFeatures = VirtioFeatures(rawValue: kept | UInt64(value) &<< shift)
  }

  // MARK: Status (sections 2.1, 3.1)

  func writeStatus(_ value: UInt8, _ registers: inout Registers) {
    guard !registers.isResetting else { return }
    guard value != 0 else { return beginReset(&registers) }
    let known: DeviceStatus = [.acknowledge, .driver, .driverOK, .featuresOK, .failed]
    // A driver sets bits and never clears one, but for all of them by reset.
    var new = registers.status.union(DeviceStatus(rawValue: value).intersection(known))
    if new.contains(.featuresOK), !registers.status.contains(.featuresOK) {
      if !accepts(registers.driverFeatures) { new.remove(.featuresOK) }
    }
    if new.contains(.driverOK), !registers.status.contains(.driverOK) {
      // Without agreed features there is nothing to run by.
      if new.contains(.featuresOK) {
        activate(registers)
      } else {
        new.remove(.driverOK)
      }
    }
    registers.status = new
  }

  /// Whether the device can run with what the driver wants.
  func accepts(_ wanted: VirtioFeatures) -> Bool {
    offered.isSuperset(of: wanted) && wanted.contains(.version1)
  }

  func activate(_ registers: Registers, works: Bool = true) {
    let queues = registers.queues.indices
      .filter { works && registers.isBusMaster && !registers.isCutOff && registers.queues[$0].isEnabled }
      .map { assignment($0, registers) }
    device.activate(registers.driverFeatures, queues: queues, host: self)
  }

  func assignment(_ index: Int, _ registers: Registers) -> QueueAssignment {
    let configuration = registers.queues[index]
    let trace = traces.indices.contains(index) ? traces[index] : TraceWriter()
    return QueueAssignment(
      index: index, configuration: configuration, doorbell: doorbells[index],
      interrupt: interrupts.interrupt(vector: configuration.vector, trace: trace), trace: trace)
  }

  private func beginReset(_ registers: inout Registers) {
    guard registers.status.contains(.driverOK) else { return clear(&registers) }
    registers.isResetting = true
    device.reset { [self] in
      self.registers.withLock { clear(&$0) }
    }
  }

  private func clear(_ registers: inout Registers) {
    registers = Registers(
      isBusMaster: registers.isBusMaster,
      queues: device.queueSizes.map { QueueConfiguration(maximumSize: $0) })
    // A notification that came for the old driver is not the new one's.
    for doorbell in doorbells { doorbell.event.take() }
    interrupts.cleared()
  }

  // MARK: Queues (sections 2.6, 4.1.4.3)

  /// Changes the selected queue, if there is one and it is not enabled.
  func configureQueue(_ registers: inout Registers, _ change: (inout QueueConfiguration) -> Void) {
    let index = Int(registers.queueSelect)
    guard registers.queues.indices.contains(index), !registers.queues[index].isEnabled else { return }
    change(&registers.queues[index])
  }

  /// The selected queue, or nil where there is none.
  func selectedQueue(_ registers: borrowing Registers) -> QueueConfiguration? {
    let index = Int(registers.queueSelect)
    return registers.queues.indices.contains(index) ? registers.queues[index] : nil
  }

  func enableQueue(_ registers: inout Registers) {
    let index = Int(registers.queueSelect)
    guard registers.status.contains(.featuresOK), !registers.status.contains(.needsReset),
      !registers.isResetting, registers.queues.indices.contains(index), !registers.queues[index].isEnabled,
      !registers.resettingQueues.contains(index)
    else { return }
    let isRunning = registers.status.contains(.driverOK)
    // Later than DRIVER_OK only a queue comes that was reset alone.
    guard !isRunning || registers.driverFeatures.contains(.ringReset) else { return }
    registers.queues[index].isEnabled = true
    if isWorking(on: index, registers) { device.start(assignment(index, registers)) }
  }

  /// queue_reset (section 2.6.1): reads as 1 until the device is through with the queue.
  func resetQueue(_ registers: inout Registers) {
    let index = Int(registers.queueSelect)
    guard registers.driverFeatures.contains(.ringReset), !registers.isResetting,
      registers.queues.indices.contains(index), registers.queues[index].isEnabled,
      !registers.resettingQueues.contains(index)
    else { return }
    guard registers.status.contains(.driverOK) else {
      registers.queues[index] = QueueConfiguration(maximumSize: registers.queues[index].maximumSize)
      return
    }
    registers.resettingQueues.insert(index)
    device.stop(queue: index) { [self] in
      self.registers.withLock { registers in
        // A reset of the whole device may have come first.
        guard registers.resettingQueues.remove(index) != nil else { return }
        registers.queues[index] = QueueConfiguration(maximumSize: registers.queues[index].maximumSize)
      }
    }
  }

  func isResettingSelectedQueue(_ registers: borrowing Registers) -> Bool {
    registers.resettingQueues.contains(Int(registers.queueSelect))
  }

  /// A notification that did not take the short way through the kernel.
  func notify(queue index: Int) {
    guard doorbells.indices.contains(index) else { return }
    doorbells[index].event.signal()
  }

  // MARK: The device's configuration structure (section 2.5)

  func readConfiguration(at offset: Int, width: Int) -> UInt64 {
    guard isInConfiguration(offset, width) else { return UInt64.max }
    return device.readConfiguration(at: offset, width: width)
  }

  func writeConfiguration(_ value: UInt64, at offset: Int, width: Int) {
    if isInConfiguration(offset, width) { device.writeConfiguration(value, at: offset, width: width) }
  }

  private func isInConfiguration(_ offset: Int, _ width: Int) -> Bool {
    offset >= 0 && width >= 1 && width <= 8 && width <= device.configurationSize &- offset
  }

  // MARK: The driver's way of interrupts

  /// Interrupts for every queue and the configuration, as it is not known which of them had an interrupt that waits in
  /// the way that the driver left. A driver looks for itself what happened.
  func signalAgain() {
    registers.withLock { registers in
      guard registers.status.contains(.driverOK) else { return }
      for queue in registers.queues where queue.isEnabled {
        interrupts.interrupt(vector: queue.vector, trace: TraceWriter()).signal()
      }
      interrupts.signalConfiguration(vector: registers.configurationVector)
    }
  }
}

extension TransportCore: DeviceHost {
  public func configurationChanged() {
    let vector = registers.withLock { registers -> UInt16? in
      registers.generation &+= 1
      return registers.status.contains(.driverOK) ? registers.configurationVector : nil
    }
    if let vector { interrupts.signalConfiguration(vector: vector) }
  }

  public func fail(_ fault: QueueFault) {
    let vector = registers.withLock { registers -> UInt16? in
      guard registers.status.contains(.driverOK), !registers.status.contains(.needsReset),
        !registers.isResetting
      else { return nil }
      registers.status.insert(.needsReset)
      // The fault was one queue's; the device lets go of all of them.
      for index in registers.queues.indices where registers.queues[index].isEnabled {
        device.stop(queue: index) {}
      }
      return registers.configurationVector
    }
    if let vector { interrupts.signalConfiguration(vector: vector) }
  }
}

/// How a transport raises interrupts.
protocol TransportInterrupts: AnyObject, Sendable {
  /// The way of a queue's notifications, by the vector that the driver gave it.
  func interrupt(vector: UInt16, trace: TraceWriter) -> QueueInterrupt

  func signalConfiguration(vector: UInt16)

  /// The device was reset.
  func cleared()
}
