/// Moves a console's bytes between its queues and its wires, on its event loop.
final class ConsoleWorker {
  private enum Index {
    static let receive = 0
    static let transmit = 1
  }

  private let features: VirtioFeatures
  private let wires: ConsoleWires
  private let host: any DeviceHost
  private let loop: EventLoop
  private var receiver: ConsoleReceiver?
  private var transmitter: ConsoleTransmitter?

  init(_ features: VirtioFeatures, wires: ConsoleWires, host: any DeviceHost, on loop: EventLoop) {
    self.features = features
    self.wires = wires
    self.host = host
    self.loop = loop
  }

  func start(_ assignment: QueueAssignment) {
    do throws(QueueFault) {
      let queue = try VirtQueue(assignment.configuration, features: features, memory: host.memory)
      // A fault ends the whole device's work (section 2.1.2), not the one queue's.
      let onFault = { [unowned self] (fault: QueueFault) in
        stop()
        host.fail(fault)
      }
      switch assignment.index {
      case Index.receive:
        receiver = ConsoleReceiver(ConsoleQueue(queue, assignment, onFault: onFault), wires, on: loop)
      case Index.transmit:
        transmitter = ConsoleTransmitter(ConsoleQueue(queue, assignment, onFault: onFault), wires, on: loop)
      default: break
      }
    } catch {
      stop()
      host.fail(error)
    }
  }

  func stop(queue index: Int) {
    switch index {
    case Index.receive:
      receiver?.stop(on: loop)
      receiver = nil
    case Index.transmit:
      transmitter?.stop(on: loop)
      transmitter = nil
    default: break
    }
  }

  func stop() {
    stop(queue: Index.receive)
    stop(queue: Index.transmit)
  }
}
