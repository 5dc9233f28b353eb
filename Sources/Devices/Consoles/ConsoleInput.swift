internal import CLinux
public import SystemPackage

/// The way from a person to a port of the guest's: reads no more than the port takes and a bounded number of
/// bytes beyond, so a paste of any length waits where it came from instead of being lost.
///
/// Belongs to the thread of its event loop.
public final class ConsoleInput {
  private let loop: EventLoop
  private let descriptor: Int32
  private let isPseudoTerminal: Bool
  private let readAhead: Int
  private let retry: Timer
  /// Sees what was read, and returns what the guest gets: the place for an escape key.
  private let filter: (ArraySlice<UInt8>) -> [UInt8]
  /// Called once, at the end of input or when reading fails.
  private let onEnd: () -> Void

  private var port: (any ConsolePort)?
  private var pending: ArraySlice<UInt8> = []
  private var inputWatch: EventLoop.Watch?
  private var roomWatch: EventLoop.Watch?
  private var retryWatch: EventLoop.Watch?
  private var hasEnded = false

  /// Reads from `descriptor`, which stays the caller's and must outlive this.
  ///
  /// - Parameters:
  ///   - isPseudoTerminal: the descriptor is a pseudo terminal's master. A hang-up is not its end:
  ///     somebody may open the other side again.
  ///   - readAhead: how many bytes to hold for a port without room, so that `filter` sees what is typed
  ///     at a guest that reads nothing.
  public init(
    _ descriptor: Int32, on loop: EventLoop, isPseudoTerminal: Bool = false, readAhead: Int = 0,
    filter: @escaping (ArraySlice<UInt8>) -> [UInt8] = { Array($0) }, onEnd: @escaping () -> Void = {}
  ) throws(Errno) {
    self.descriptor = descriptor
    self.loop = loop
    self.isPseudoTerminal = isPseudoTerminal
    self.readAhead = readAhead
    retry = try Timer()
    self.filter = filter
    self.onEnd = onEnd
  }

  /// Feeds `port` from now on; what waits stays for it.
  public func attach(_ port: any ConsolePort) throws(Errno) {
    detach()
    self.port = port
    roomWatch = try loop.watch(port.receiveRoom.event.number) { [unowned self] in
      self.port?.receiveRoom.event.take()
      deliver()
    }
    retryWatch = try loop.watch(retry.number) { [unowned self] in
      retry.take()
      deliver()
    }
    deliver()
  }

  /// Feeds nobody from now on. Must be called before the loop or the descriptor goes.
  public func detach() {
    for watch in [inputWatch, roomWatch, retryWatch].compactMap({ $0 }) { loop.cancel(watch) }
    inputWatch = nil
    roomWatch = nil
    retryWatch = nil
    port = nil
  }

  /// Puts bytes behind those that wait.
  public func inject(_ bytes: [UInt8]) {
    pending += bytes
    deliver()
  }

  /// Gives the port what waits, and listens for more when that leaves nothing, or little enough.
  private func deliver() {
    guard let port else { return }
    if !pending.isEmpty {
      let taken = port.receive(pending.span)
      pending = pending.dropFirst(taken)
    }
    listen((pending.isEmpty || pending.count < readAhead) && !hasEnded)
  }

  private func listen(_ wanted: Bool) {
    if wanted, inputWatch == nil {
      do throws(Errno) {
        inputWatch = try loop.watch(descriptor) { [unowned self] in readMore() }
      } catch .notPermitted {
        // A regular file: always ready, and at its end some day.
        readMore()
      } catch {
        end()
      }
    } else if !wanted, let watch = inputWatch {
      loop.cancel(watch)
      inputWatch = nil
    }
  }

  private func readMore() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // read writes at most `count` bytes.
    let count = unsafe read(descriptor, &buffer, buffer.count)
    if count > 0 {
      pending += filter(buffer[..<count])
      return deliver()
    }
    if count < 0 {
      let error = Errno(rawValue: clinux_errno())
      if error == .interrupted || error == .wouldBlock { return }
      if error == .ioError, isPseudoTerminal { return waitForReopening() }
    }
    end()
  }

  /// epoll reports a hang-up without pause, so the watch rests for a while instead.
  private func waitForReopening() {
    listen(false)
    retry.arm(nanoseconds: 200_000_000)
  }

  private func end() {
    hasEnded = true
    listen(false)
    onEnd()
  }
}
