/// A receive queue and a transmit queue on one way for frames in and out, on their event loop.
final class NetPair {
  private let index: Int
  private let backend: NetBackend
  private let mtu: Int
  private let port: any FramePort
  private var settings: NetSettings
  private let host: any DeviceHost
  private let loop: EventLoop

  private enum Server {
    case receiver(NetReceiver)
    case transmitter(NetTransmitter)
    case kernel(KernelRing)
  }

  /// The queues that the driver enabled, and those of them that are served: receive, transmit.
  private var assignments: [QueueAssignment?] = [nil, nil]
  private var servers: [Server?] = [nil, nil]
  private var isInUse: Bool
  /// The host's kernel moves the frames, where it can.
  private let vhost: VhostNet?

  /// - Parameter index: from 0; the first pair is in use from the start.
  init(
    _ index: Int, _ backend: NetBackend, mtu: Int?, _ settings: NetSettings, host: any DeviceHost,
    on loop: EventLoop
  ) {
    self.index = index
    self.backend = backend
    self.mtu = mtu ?? 0
    port = backend.port.queues[index]
    self.settings = settings
    self.host = host
    self.loop = loop
    isInUse = index == 0
    vhost = backend.vhost.indices.contains(index) ? backend.vhost[index] : nil
    isKernelReady = (try? vhost?.prepare(settings.features, memory: host.memory)) != nil
    if isInUse { port.drain() }
  }

  /// Whether the kernel took features and memory.
  private var isKernelReady = false

  /// The driver enabled a queue: 0 receives, 1 transmits.
  func start(_ direction: Int, _ assignment: QueueAssignment) {
    assignments[direction] = assignment
    if isInUse { serve(direction) }
  }

  func stop(_ direction: Int) {
    assignments[direction] = nil
    release(direction)
  }

  /// No buffer is touched any more, and the host's queue is out of use where it can be.
  func stop() {
    for direction in assignments.indices { stop(direction) }
    setInUse(false)
  }

  /// Takes up what the driver set.
  func apply(_ new: NetSettings) {
    settings = new
    if case .receiver(let receiver) = servers[0] { receiver.apply(new) }
    setInUse(index < Int(new.pairs))
  }

  private func setInUse(_ new: Bool) {
    // The first is always in use, and there may be no other.
    guard index > 0, new != isInUse else { return }
    if new {
      // Refused where the TAP is gone; then nothing comes and what is sent is dropped.
      try? port.setAttached(true)
      isInUse = true
      for direction in assignments.indices { serve(direction) }
    } else {
      isInUse = false
      for direction in servers.indices { release(direction) }
      try? port.setAttached(false)
    }
  }

  private func serve(_ direction: Int) {
    guard servers[direction] == nil, let assignment = assignments[direction] else { return }
    if let ring = kernelRing(direction, assignment) {
      servers[direction] = .kernel(ring)
    } else if direction == 0 {
      servers[0] = NetReceiver(
        assignment, settings, mtu: mtu, port: port, host: host, on: loop
      ).map(Server.receiver)
    } else {
      servers[1] = NetTransmitter(assignment, settings.features, port: port, host: host, on: loop)
        .map(Server.transmitter)
    }
  }

  /// Hands the queue to the kernel; nil where it does not take it.
  private func kernelRing(_ direction: Int, _ assignment: QueueAssignment) -> KernelRing? {
    guard isKernelReady, let vhost, case .tap(let tap) = backend.port else { return nil }
    return KernelRing(direction, assignment, of: vhost, tap: tap.queues[index], host: host, on: loop)
  }

  private func release(_ direction: Int) {
    switch servers[direction] {
    case .receiver(let receiver): receiver.stop()
    case .transmitter(let transmitter): transmitter.stop()
    case .kernel(let ring): ring.stop()
    case nil: break
    }
    servers[direction] = nil
  }
}
