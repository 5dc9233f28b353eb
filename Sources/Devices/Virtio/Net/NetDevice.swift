internal import Synchronization
public import SystemPackage

/// A network card on a TAP of the host, or on another program (virtio 1.2 section 5.1).
///
/// Each pair of queues has a thread; the first pair's serves the control queue and hears of the link too.
public final class NetDevice: VirtioDevice {
  public let type = VirtioDeviceType.net
  public let features: VirtioFeatures
  public let queueSizes: [UInt16]
  public let configurationSize = NetConfiguration.size

  private let backend: NetBackend
  private let mac: MACAddress
  private let mtu: Int?
  private let seats: [Seat]
  private let settings: SettingsBox
  private let control = LoopBound<NetControl>()

  /// Where a pair of queues lives.
  private struct Seat: Sendable {
    let thread: IOThread
    let pair = LoopBound<NetPair>()
  }

  // A chain of a queue this long fits into one read of the host, which takes 1024 buffers.
  private static let queueSize: UInt16 = 512
  private static let controlQueueSize: UInt16 = 64

  /// - Parameters:
  ///   - mac: the guest's own address.
  ///   - mtu: the largest packet, told the guest; nil: nothing is told.
  ///   - name: what its threads are called, a number added.
  public init(_ backend: NetBackend, mac: MACAddress, mtu: Int?, name: String) throws(Errno) {
    self.backend = backend
    self.mac = mac
    self.mtu = mtu
    var seats: [Seat] = []
    for index in backend.port.queues.indices {
      // A driver that sends frame after frame would be interrupted by each, where it shares its CPU with the thread.
      seats.append(Seat(thread: try IOThread(name: "\(name)-\(index)", isBatch: true)))
    }
    self.seats = seats
    queueSizes = Array(repeating: Self.queueSize, count: 2 * seats.count) + [Self.controlQueueSize]
    features = Self.features(of: backend, mtu: mtu)
    settings = SettingsBox(NetSettings([], mac: mac))
  }

  private static func features(of backend: NetBackend, mtu: Int?) -> VirtioFeatures {
    var features: VirtioFeatures = [
      .netMAC, .netStatus, .netMergeableBuffers,
      .netControlQueue, .netControlReceive, .netControlReceiveExtra, .netControlVLAN, .netControlMAC,
    ]
    features.formUnion(backend.port.offloads)
    if mtu != nil { features.insert(.netMTU) }
    if backend.port.queues.count > 1 { features.insert(.netMultiqueue) }
    return features
  }

  private var pairCount: UInt16 { UInt16(seats.count) }

  // MARK: Configuration

  public func readConfiguration(at offset: Int, width: Int) -> UInt64 {
    NetConfiguration(
      mac: settings.now.mac, status: backend.port.isUp ? NetConfiguration.linkUp : 0,
      maximumQueuePairs: pairCount, mtu: UInt16(clamping: mtu ?? 0)
    ).read(at: offset, width: width)
  }

  /// All fields are read-only.
  public func writeConfiguration(_ value: UInt64, at offset: Int, width: Int) {}

  // MARK: States

  public func activate(_ features: VirtioFeatures, queues: [QueueAssignment], host: any DeviceHost) {
    let new = settings.begin(NetSettings(features, mac: mac))
    for (index, seat) in seats.enumerated() {
      seat.thread.post { [backend, mtu] loop in
        if index == 0 { backend.port.setOffloads(new.offloads) }
        let pair = NetPair(index, backend, mtu: mtu, new, host: host, on: loop)
        pair.apply(new)
        seat.pair.set(pair, on: loop)
      }
    }
    let isUp = backend.port.isUp
    seats[0].thread.post { [backend, control] loop in
      control.set(NetControl(backend.port, wasUp: isUp, host: host, on: loop), on: loop)
    }
    for queue in queues { start(queue) }
  }

  /// What a queue's number means: that depends on what was negotiated (section 5.1.2).
  private enum Role {
    case data(pair: Int, direction: Int)
    case control
  }

  private func role(of index: Int) -> Role? {
    let features = settings.now.features
    let pairs = features.contains(.netMultiqueue) ? seats.count : 1
    if index < 2 * pairs { return .data(pair: index / 2, direction: index % 2) }
    return index == 2 * pairs && features.contains(.netControlQueue) ? .control : nil
  }

  public func start(_ queue: QueueAssignment) {
    switch role(of: queue.index) {
    case .data(let pair, let direction):
      seats[pair].thread.post { [pair = seats[pair].pair] loop in
        pair.get(on: loop)?.start(direction, queue)
      }
    case .control:
      // The device is reset, and so the queue stopped, before it goes.
      seats[0].thread.post { [unowned self] loop in
        control.get(on: loop)?.start(queue, settings.now.features) { [unowned self] command in
          carryOut(command, on: loop)
        }
      }
    case nil: break
    }
  }

  public func stop(queue index: Int, done: @escaping @Sendable () -> Void) {
    switch role(of: index) {
    case .data(let pair, let direction):
      seats[pair].thread.post { [pair = seats[pair].pair] loop in
        pair.get(on: loop)?.stop(direction)
        done()
      }
    case .control:
      seats[0].thread.post { [control] loop in
        control.get(on: loop)?.stopQueue()
        done()
      }
    // Nothing works on it.
    case nil: seats[0].thread.post { _ in done() }
    }
  }

  public func reset(done: @escaping @Sendable () -> Void) {
    let rest = Countdown(seats.count) { [backend, settings, mac] in
      backend.port.setOffloads([])
      settings.now = NetSettings([], mac: mac)
      done()
    }
    for (index, seat) in seats.enumerated() {
      seat.thread.post { [control] loop in
        if index == 0 {
          control.get(on: loop)?.stop()
          control.set(nil, on: loop)
        }
        seat.pair.get(on: loop)?.stop()
        seat.pair.set(nil, on: loop)
        rest.countDown()
      }
    }
  }

  // MARK: Commands

  /// Carries out a command of the driver, on the first pair's thread; whether it was accepted. When this
  /// returns, it holds for every queue.
  private func carryOut(_ command: ControlCommand, on loop: EventLoop) -> Bool {
    // Descriptors can be refused; then nothing is changed.
    guard let latch = try? Latch() else { return false }
    guard let new = settings.now.applying(command, maximumPairs: pairCount) else { return false }
    settings.now = new
    if case .setOffloads = command { backend.port.setOffloads(new.offloads) }
    let rest = Countdown(seats.count) { latch.open() }
    for seat in seats.dropFirst() {
      seat.thread.post { loop in
        seat.pair.get(on: loop)?.apply(new)
        rest.countDown()
      }
    }
    seats[0].pair.get(on: loop)?.apply(new)
    rest.countDown()
    latch.wait()
    return true
  }
}

extension NetDevice: StatefulDevice {
  public struct State: Codable, Hashable, Sendable {
    let settings: NetSettings
  }

  public var state: State { State(settings: settings.now) }

  /// Takes up what a driver had set, before its queues are started again.
  public func restore(_ state: State) throws(InvalidState) {
    let new = state.settings
    let common = VirtioFeatures.common
    try InvalidState.unless(features.union(common).isSuperset(of: new.features), "virtio-net", "features")
    try InvalidState.unless(
      new.features == new.features.withoutUnmetNetDependencies, "virtio-net", "features")
    try InvalidState.unless(!new.mac.isMulticast && !new.mac.isZero, "virtio-net", "mac")
    try InvalidState.unless(new.pairs >= 1 && new.pairs <= pairCount, "virtio-net", "pairs")
    try InvalidState.unless(
      new.features.intersection(.netGuestOffloads).isSuperset(of: new.offloads), "virtio-net", "offloads")
    settings.restore(new)
  }
}

/// The settings as vCPUs and workers see them.
private final class SettingsBox: Sendable {
  private struct Contents {
    var now: NetSettings
    /// What was restored and waits for the driver that had set it to go on.
    var restored: NetSettings?
  }

  private let contents: Mutex<Contents>

  init(_ settings: NetSettings) {
    contents = Mutex(Contents(now: settings))
  }

  var now: NetSettings {
    get { contents.withLock { $0.now } }
    set { contents.withLock { $0 = Contents(now: newValue) } }
  }

  func restore(_ settings: NetSettings) {
    contents.withLock { $0 = Contents(now: settings, restored: settings) }
  }

  /// A driver is ready: what holds for it, `fresh` unless it is the one that was restored.
  func begin(_ fresh: NetSettings) -> NetSettings {
    contents.withLock { contents in
      let restored = contents.restored.flatMap { $0.features == fresh.features ? $0 : nil }
      contents = Contents(now: restored ?? fresh)
      return contents.now
    }
  }
}
