internal import CLinux
internal import Devices
internal import SystemPackage

/// Samples for whoever connects to a Unix socket: one in the text form of OpenMetrics, and the end of the connection.
/// Nobody is waited for: who does not read his keeps it until others come.
final class MetricsSocket {
  private final class Client {
    let descriptor: OwnedDescriptor
    var rest: ArraySlice<UInt8>
    var watch: EventLoop.Watch?

    init(_ descriptor: consuming OwnedDescriptor, _ text: String) {
      self.descriptor = descriptor
      rest = Array(text.utf8)[...]
    }
  }

  /// Readers at the same time; the one who has waited longest makes room.
  private static let mostClients = 8

  private let file: SocketFile
  private let loop: EventLoop
  private let listener: OwnedDescriptor
  private let sample: () -> MetricsSample
  private var clients: [Client] = []
  /// Given up for a moment when the process is out of descriptors and somebody connects.
  private var spare = SpareDescriptor()
  private var watch: EventLoop.Watch?

  /// - Parameter sample: takes one for a client.
  init(_ path: String, on loop: EventLoop, sample: @escaping () -> MetricsSample) throws(Failure) {
    self.loop = loop
    self.sample = sample
    do throws(Errno) {
      listener = try UnixListener.listen(path)
      file = SocketFile(path)
      watch = try loop.watch(listener.number) { [unowned self] in accept() }
    } catch {
      throw Failure(
        error.isShortage ? .hostNotAble : .usage, "--metrics unix=\(path): \(error)",
        hint: UnixListener.hint(error))
    }
  }

  func close() {
    if let watch { loop.cancel(watch) }
    watch = nil
    for client in clients { drop(client) }
    file.remove()
  }

  private func accept() {
    let number = clinux_accept(listener.number)
    guard number >= 0 else {
      if Errno(rawValue: -number).isShortage { spare.turnAway(from: listener) }
      return
    }
    if clients.count == Self.mostClients, let oldest = clients.first { drop(oldest) }
    let client = Client(OwnedDescriptor(takingOver: number), OpenMetrics(sample()).text)
    clients.append(client)
    // A client who cannot be watched gets what fits at once.
    client.watch = try? loop.watch(number, for: .write) { [unowned self, unowned client] in send(client) }
    send(client)
  }

  private func send(_ client: Client) {
    while !client.rest.isEmpty {
      // The slice is as long as told.
      let count = unsafe client.rest.withUnsafeBytes {
        unsafe CLinux.send(client.descriptor.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
      }
      if count < 0, clinux_errno() == EINTR { continue }
      if count < 0, clinux_errno() == EAGAIN, client.watch != nil { return }
      guard count > 0 else { break }
      client.rest = client.rest.dropFirst(count)
    }
    drop(client)
  }

  private func drop(_ client: Client) {
    if let watch = client.watch { loop.cancel(watch) }
    client.watch = nil
    clients.removeAll { $0 === client }
  }
}
