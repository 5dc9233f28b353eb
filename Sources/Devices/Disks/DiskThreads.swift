internal import CLinux
internal import Synchronization
internal import SystemPackage

/// Threads that carry out a disk's requests, made as they are needed, up to a limit.
final class DiskThreads: Sendable {
  struct Job: Sendable {
    let request: DiskRequest
    let token: UInt32
    let mailbox: DiskMailbox
  }

  private struct State {
    var jobs = FirstInFirstOut<Job>()
    var threadCount = 0
    /// Threads that wait for a job.
    var idleCount = 0
    var isStopping = false
  }

  /// More requests than this do not run at once: enough to keep a fast device busy.
  static let limit = 16

  private let file: DiskFile
  private let work = Semaphore()
  private let state = Mutex(State())

  init(_ file: DiskFile) throws(Errno) {
    self.file = file
    // The first is made here, where an error can be told: with one there is always progress.
    state.withLock { $0.threadCount = 1 }
    try startThread()
  }

  private func startThread() throws(Errno) {
    try HostThread(name: "disk") { [self] in run() }.detach()
  }

  func submit(_ job: Job) {
    let needsThread = state.withLock { state in
      state.jobs.append(job)
      guard state.jobs.count > state.idleCount, state.threadCount < Self.limit else { return false }
      state.threadCount += 1
      return true
    }
    work.signal()
    guard needsThread else { return }
    do throws(Errno) {
      try startThread()
    } catch {
      // Those that there are do the work.
      state.withLock { $0.threadCount -= 1 }
    }
  }

  /// Lets the threads end, after the jobs that there are.
  func stop() {
    let count = state.withLock { state in
      state.isStopping = true
      return state.threadCount
    }
    for _ in 0..<count { work.signal() }
  }

  private func run() {
    while true {
      state.withLock { $0.idleCount += 1 }
      work.wait()
      let (job, isStopping) = state.withLock { state in
        state.idleCount -= 1
        return (state.jobs.popFirst(), state.isStopping)
      }
      if let job {
        job.mailbox.post(
          DiskMailbox.Completion(token: job.token, error: file.perform(job.request)?.rawValue ?? 0))
      } else if isStopping {
        return
      }
    }
  }
}

/// Where threads put what they completed, and one event loop finds it.
final class DiskMailbox: Sendable {
  struct Completion: Sendable {
    let token: UInt32
    /// An errno; 0: done.
    let error: Int32
  }

  /// To be watched as `EventLoop.Interest.signal`.
  let event: EventDescriptor
  private let completions = Mutex<[Completion]>([])

  init() throws(Errno) {
    event = try EventDescriptor()
  }

  func post(_ completion: Completion) {
    let isFirst = completions.withLock { completions in
      completions.append(completion)
      return completions.count == 1
    }
    if isFirst { event.signal() }
  }

  /// Exchanges what is there for `batch`, which must be empty and lends its room.
  func take(into batch: inout [Completion]) {
    completions.withLock { swap(&$0, &batch) }
  }
}

/// A queue that keeps its room.
struct FirstInFirstOut<Element> {
  private var elements: [Element?] = []
  private var first = 0

  var count: Int { elements.count - first }

  mutating func append(_ element: Element) {
    // Where it never runs empty, the front is given back now and then.
    if first > 64, first > elements.count / 2 {
      elements.removeFirst(first)
      first = 0
    }
    elements.append(element)
  }

  mutating func popFirst() -> Element? {
    guard first < elements.count else { return nil }
    let element = elements[first]
    elements[first] = nil
    first += 1
    if first == elements.count {
      elements.removeAll(keepingCapacity: true)
      first = 0
    }
    return element
  }
}
