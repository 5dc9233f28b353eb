/// A virtio device behind any transport: what is peculiar to its type (virtio 1.2 section 5).
///
/// The transport takes it through these states, as the driver asks (sections 2.1, 3.1):
///
///                 activate                        start(queue)
///       reset ───────────────> running ──────────────────────────┐
///         ^                    │  ^   │   stop(queue), done      │
///         │   reset, done      │  └───┼──────────────────────────┘
///         └────────────────────┘      │
///         ^                           │ the device calls DeviceHost.fail
///         │   reset, done             v
///         └────────────────────── needs reset: works on no queue any more
///
/// All of it is called with the transport's lock held, so one call at a time: by vCPUs, and `stop` by
/// `DeviceHost.fail` for every queue. A device hands the work to its worker and returns, and calls `done` from there, never before it has returned.
public protocol VirtioDevice: AnyObject, Sendable {
  var type: VirtioDeviceType { get }

  /// What it offers besides the features of every device.
  var features: VirtioFeatures { get }

  /// The largest size of each of its queues; powers of two, at most 1024.
  var queueSizes: [UInt16] { get }

  /// Bytes of its configuration structure.
  var configurationSize: Int { get }

  /// Reads `width` bytes (1 to 8), all of them within the structure, little-endian. Bits past `width`
  /// are ignored.
  func readConfiguration(at offset: Int, width: Int) -> UInt64

  /// Writes the low `width` bytes (1 to 8) of `value`, all of them within the structure.
  func writeConfiguration(_ value: UInt64, at offset: Int, width: Int)

  /// The driver is ready: work on `queues`, which are those that it enabled.
  func activate(_ features: VirtioFeatures, queues: [QueueAssignment], host: any DeviceHost)

  /// The driver enabled a queue after it was ready.
  func start(_ queue: QueueAssignment)

  /// Stop working on a queue. `done`: no buffer of it is touched any more, and all chains were given back
  /// that were taken, but for those that came last and can be begun anew. May be asked for again before
  /// that, and where the queue is stopped already.
  func stop(queue index: Int, done: @escaping @Sendable () -> Void)

  /// Stop altogether and forget what the driver set. `done`: no guest memory is touched any more.
  func reset(done: @escaping @Sendable () -> Void)
}

/// A queue that a driver enabled, with its wires. What the driver wrote about it is not checked yet.
public struct QueueAssignment: Sendable {
  public let index: Int
  public let configuration: QueueConfiguration
  /// Signalled by the driver's notifications.
  public let doorbell: SharedEvent
  /// Used buffer notifications.
  public let interrupt: QueueInterrupt
  /// Where it is seen what becomes of the queue.
  let trace: TraceWriter

  public init(
    index: Int, configuration: QueueConfiguration, doorbell: SharedEvent, interrupt: QueueInterrupt,
    trace: TraceWriter = TraceWriter()
  ) {
    self.index = index
    self.configuration = configuration
    self.doorbell = doorbell
    self.interrupt = interrupt
    self.trace = trace
  }
}

/// What a running device can ask of its transport. Callable on any thread, but not from within a call
/// of the transport's.
public protocol DeviceHost: AnyObject, Sendable {
  var memory: GuestMemory { get }

  /// The configuration structure changed: the driver reads it anew.
  func configurationChanged()

  /// The driver broke the rules of a queue. The device does nothing more until it is reset
  /// (DEVICE_NEEDS_RESET, section 2.1.2).
  func fail(_ fault: QueueFault)
}

/// The way of a queue's used buffer notifications to the driver.
public final class QueueInterrupt: Sendable {
  private let message: MessageVector?
  /// Nil where the driver has no choice.
  private let messages: MessageSwitch?
  private let trace: TraceWriter

  /// By message; nil: the driver wants none.
  public init(message: MessageVector?, trace: TraceWriter = TraceWriter()) {
    self.message = message
    messages = nil
    self.trace = trace
  }

  /// By message or pin, as the driver chooses and chooses again.
  init(message: MessageVector?, _ messages: MessageSwitch, trace: TraceWriter) {
    self.message = message
    self.messages = messages
    self.trace = trace
  }

  public func signal() {
    let isByMessage = isByMessage
    if message != nil || !isByMessage { trace.interrupt(gsi: isByMessage ? message?.number : nil) }
    // Not bound to names, which would count references.
    if messages != nil { messages?.signal(message, .queue) } else { message?.signal() }
  }

  var isByMessage: Bool { messages?.isOn ?? true }

  /// Signalled where the driver chooses; nil where it cannot.
  var changed: SharedEvent? { messages?.changed }

  /// The eventfd that a worker in the kernel can signal itself; nil where the way leads through us.
  var kernelEvent: MessageVector? { isByMessage ? message : nil }
}
