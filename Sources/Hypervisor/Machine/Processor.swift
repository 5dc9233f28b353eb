internal import Devices
internal import Synchronization
internal import SystemPackage

/// A vCPU that waits for its thread, and the handle that outlives it there.
final class Processor: Sendable {
  let handle: VCPUHandle
  private let loop: Mutex<VCPULoop?>
  private let endings: EndingBox

  init(_ loop: consuming sending VCPULoop, endings: EndingBox) {
    handle = loop.handle
    self.loop = Mutex(consume loop)
    self.endings = endings
  }

  /// Starts the vCPU's thread, once.
  ///
  /// - Parameter prepare: is called there before the guest is entered.
  func start(_ prepare: @escaping @Sendable () -> Void = {}) throws(Errno) -> HostThread {
    try HostThread(name: "vcpu-\(handle.id)") { [self] in
      prepare()
      // Taken out whole: from here on the vCPU is this thread's alone.
      guard var loop = loop.withLock({ $0.take() }) else { return }
      endings.post(loop.run())
    }
  }
}

/// The vCPU threads of a run. An array cannot hold values with one owner.
struct ThreadList: ~Copyable {
  private var first: Node?

  private final class Node {
    var thread: HostThread?
    let next: Node?

    init(_ thread: consuming HostThread, next: Node?) {
      self.thread = .some(consume thread)
      self.next = next
    }
  }

  init() {}

  mutating func append(_ thread: consuming HostThread) {
    first = Node(consume thread, next: first)
  }

  mutating func joinAll() {
    while let node = first {
      if let thread = node.thread.take() { thread.join() }
      first = node.next
    }
  }
}
