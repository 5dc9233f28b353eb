internal import Synchronization
import SystemPackage
import TestSupport

@testable import Devices

/// A disk that keeps requests until a test ends them, in whichever order.
final class HeldDisk: Disk {
  let geometry: DiskGeometry
  /// Signalled by each request.
  let submitted: EventDescriptor
  private let held = Mutex<[Held]>([])

  struct Held: Sendable {
    let request: DiskRequest
    let token: UInt32
    let mailbox: DiskMailbox
  }

  init(_ geometry: DiskGeometry) throws {
    self.geometry = geometry
    submitted = try EventDescriptor()
  }

  func openChannel(
    for owner: any DiskChannelOwner, on loop: EventLoop
  ) throws(Errno) -> any DiskChannel {
    try HeldChannel(self, owner, loop)
  }

  fileprivate func hold(_ request: Held) {
    held.withLock { $0.append(request) }
    submitted.signal()
  }

  /// Waits until `count` requests are here.
  func wait(for count: Int) throws {
    while held.withLock({ $0.count }) < count {
      try submitted.wait()
      submitted.take()
    }
  }

  var requests: [DiskRequest] { held.withLock { $0.map(\.request) } }

  /// Ends the request at `index` of those that are here.
  func end(_ index: Int, _ error: Errno? = nil) {
    let one = held.withLock { $0.remove(at: index) }
    one.mailbox.post(DiskMailbox.Completion(token: one.token, error: error?.rawValue ?? 0))
  }
}

private final class HeldChannel: DiskChannel {
  private let disk: HeldDisk
  private let mailbox: DiskMailbox
  private let loop: EventLoop
  private var watch: EventLoop.Watch?
  private var batch: [DiskMailbox.Completion] = []

  init(_ disk: HeldDisk, _ owner: any DiskChannelOwner, _ loop: EventLoop) throws(Errno) {
    self.disk = disk
    self.loop = loop
    mailbox = try DiskMailbox()
    watch = try loop.watch(mailbox.event.number, for: .signal) { [unowned owner] in owner.completionsArrived()
    }
  }

  func submit(_ request: DiskRequest, _ token: consuming DiskToken) {
    disk.hold(.init(request: request, token: token.redeem(), mailbox: mailbox))
  }

  func commit() {}

  func nextCompletion() -> DiskCompletion? {
    if batch.isEmpty {
      mailbox.take(into: &batch)
      batch.reverse()
    }
    guard let completion = batch.popLast() else { return nil }
    return DiskCompletion(
      DiskToken(completion.token), completion.error == 0 ? nil : Errno(rawValue: completion.error))
  }

  func close() {
    if let watch { loop.cancel(watch) }
    watch = nil
  }
}
