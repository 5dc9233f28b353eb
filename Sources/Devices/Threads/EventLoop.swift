internal import CLinux
public import SystemPackage

/// Waits for descriptors and calls whoever asked, one at a time, on the thread that runs it.
///
/// Belongs to one thread. Another thread reaches it through an `EventDescriptor` that it watches.
@safe
public final class EventLoop {
  /// Which readiness to wait for. Errors and hang-ups are always reported, as both.
  public struct Interest: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let read = Interest(rawValue: CLINUX_EPOLLIN)
    public static let write = Interest(rawValue: CLINUX_EPOLLOUT)
    /// Errors and hang-ups alone, each reported once: who cannot do anything about them now is not called for ever.
    public static let hangUp = Interest(rawValue: CLINUX_EPOLLET)
    /// For an `EventDescriptor`: reports each signal once, and nobody need take the count.
    public static let signal = Interest(rawValue: CLINUX_EPOLLIN | CLINUX_EPOLLET)
  }

  /// Names one watch. A number is never used twice, so an event that arrives late for a watch
  /// that is gone, whose descriptor may be somebody else's by now, is dropped.
  public struct Watch: Hashable, Sendable {
    let id: UInt64
    let descriptor: Int32
  }

  private struct Handler {
    let id: UInt64
    let call: () -> Void
  }

  private let epoll: OwnedDescriptor
  // A loop has few watches: a search through them costs less than hashing.
  private var handlers: [Handler] = []
  private var nextID: UInt64 = 1
  // Room for what one wait brings, of which nobody keeps anything.
  private let events: UnsafeMutablePointer<epoll_event>
  private static let mostEvents = 16

  public init() throws(Errno) {
    epoll = try OwnedDescriptor(result: clinux_epoll_create())
    unsafe events = .allocate(capacity: Self.mostEvents)
    unsafe events.initialize(repeating: epoll_event(), count: Self.mostEvents)
  }

  deinit {
    // Allocated by init; epoll_event is trivial.
    unsafe events.deallocate()
  }

  /// Calls `handler` whenever `descriptor` is ready for `interest` (level-triggered).
  /// - Throws: EPERM for a descriptor that is always ready, such as a regular file's.
  public func watch(
    _ descriptor: Int32, for interest: Interest = .read, handler: @escaping () -> Void
  ) throws(Errno) -> Watch {
    let watch = Watch(id: nextID, descriptor: descriptor)
    try control(EPOLL_CTL_ADD, watch, interest)
    nextID += 1
    handlers.append(Handler(id: watch.id, call: handler))
    return watch
  }

  /// Changes what a watch waits for; an empty set leaves only errors and hang-ups.
  public func change(_ watch: Watch, to interest: Interest) throws(Errno) {
    try control(EPOLL_CTL_MOD, watch, interest)
  }

  /// Ends a watch. Must come before its descriptor is closed.
  public func cancel(_ watch: Watch) {
    guard let index = handlers.firstIndex(where: { $0.id == watch.id }) else { return }
    handlers.remove(at: index)
    try? control(EPOLL_CTL_DEL, watch, [])
  }

  /// Waits for events, at most `timeout` milliseconds (-1: without limit), and handles them.
  public func runOnce(timeout: Int32 = -1) throws(Errno) {
    // epoll_wait writes at most as many entries as told.
    let ready = unsafe epoll_wait(epoll.number, events, Int32(Self.mostEvents), timeout)
    guard ready >= 0 else {
      let error = Errno(rawValue: clinux_errno())
      if error == .interrupted { return }
      throw error
    }
    for index in 0..<Int(ready) {
      // index < ready; the kernel hands back the u64 that `control` stored.
      let id = unsafe events[index].data.u64
      handlers.first { $0.id == id }?.call()
    }
  }

  private func control(_ operation: Int32, _ watch: Watch, _ interest: Interest) throws(Errno) {
    let result = clinux_epoll_control(
      epoll.number, operation, watch.descriptor, interest.rawValue, watch.id)
    if result < 0 { throw Errno(rawValue: -result) }
  }
}
