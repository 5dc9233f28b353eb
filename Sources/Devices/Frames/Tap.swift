internal import CLinux
public import SystemPackage

/// A TAP of the host, opened: Ethernet frames with a virtio header before each.
///
/// Outlives a guest's reboot. One that was made by opening it vanishes with this value.
public final class Tap: Sendable {
  public let name: String
  let queues: [TapQueue]
  /// Whether it divides and reassembles UDP as well (Linux 6.2).
  let hasUSO: Bool
  /// Nil where the interface is not in this network namespace: then nothing can be asked about it.
  let link: LinkMonitor?

  private init(name: String, queues: [TapQueue], hasUSO: Bool, link: LinkMonitor?) {
    self.name = name
    self.queues = queues
    self.hasUSO = hasUSO
    self.link = link
  }

  public static let devicePath = "/dev/net/tun"
  /// Bytes of a name.
  public static let longestName = 15
  /// The most queues of one TAP that Linux gives, half of which is plenty.
  public static let mostQueues = 64

  /// Opens the TAP `name`, which is made where there is none and this process may.
  ///
  /// - Parameter count: its queues.
  public static func open(_ name: String, queues count: Int = 1) throws(TapError) -> Tap {
    guard !name.isEmpty, name.utf8.count <= longestName else { throw .nameTooLong(name) }
    // A name with % is a pattern to the kernel, which then picks a number.
    guard !name.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") })
    else { throw .badName(name) }
    let interfaces = try? LinkSocket()
    let existed = interfaces.map { $0.index(of: name) != nil } ?? true
    var queues: [TapQueue] = []
    for index in 0..<max(count, 1) {
      let descriptor = try openDevice()
      // The name is a C string as long as the call; the kernel copies it.
      let result = unsafe clinux_tap_attach(descriptor.number, name, count > 1 ? 1 : 0)
      if result < 0 {
        throw explain(Errno(rawValue: -result), name, index: index, count: count, existed: existed)
      }
      queues.append(TapQueue(descriptor))
    }
    // One that was just made is of use only when it is up; where that is refused, the guest sees it.
    if !existed { try? interfaces?.setUp(true, name) }
    return try prepare(name, queues)
  }

  /// Takes over an inherited descriptor, which must be attached to a TAP already.
  public static func takeOver(_ number: Int32) throws(TapError) -> Tap {
    var info = clinux_tap_info()
    // The structure is ours and outlives the call.
    let result = unsafe clinux_tap_info(number, &info)
    switch Errno(rawValue: -result) {
    case _ where result >= 0: break
    case .badFileDescriptor: throw .notOpen(number)
    default: throw .notTap(number)
    }
    guard info.is_tap != 0 else { throw .notTap(number) }
    guard info.has_virtio_header != 0, info.has_packet_information == 0 else { throw .noHeader(number) }
    let descriptor = OwnedDescriptor(takingOver: number)
    if clinux_set_nonblocking(number) < 0 || clinux_set_close_on_exec(number) < 0 {
      throw .host("fd \(number)", Errno(rawValue: clinux_errno()))
    }
    // The shim ends the name with a zero.
    let name = unsafe withUnsafeBytes(of: info.name) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return try prepare(name, [TapQueue(descriptor)])
  }

  private static func openDevice() throws(TapError) -> OwnedDescriptor {
    do throws(Errno) {
      return try .open(devicePath, O_RDWR | O_NONBLOCK)
    } catch {
      throw .host(devicePath, error)
    }
  }

  /// Puts the queues into the state that a device expects: no offloads, only the first in use.
  private static func prepare(_ name: String, _ queues: [TapQueue]) throws(TapError) -> Tap {
    do throws(Errno) {
      for queue in queues { try queue.setHeaderSize(NetHeader.size) }
      for queue in queues.dropFirst() { try queue.setAttached(false) }
      guard let first = queues.first else { throw .invalidArgument }
      let hasUSO = (try? first.setOffloads(.netGuestOffloads)) != nil
      try first.setOffloads([])
      return Tap(
        name: name, queues: queues, hasUSO: hasUSO, link: try? LinkMonitor(name, of: first.descriptor.number))
    } catch {
      throw .host(name, error)
    }
  }

  /// The largest payload of a frame that the interface takes; nil where it cannot be asked.
  public var mtu: Int? { link?.mtu }

  /// Sets the interface's MTU, which needs CAP_NET_ADMIN.
  public func setMTU(_ value: Int) throws(Errno) {
    try link?.setMTU(value)
  }
}

/// Why a TAP cannot be used.
public enum TapError: Error, Hashable, Sendable {
  case nameTooLong(String)
  case badName(String)
  /// There is none of the name, and this process may not make one.
  case missing(String)
  /// It belongs to somebody else.
  case notPermitted(String)
  /// Another process uses it.
  case busy(String)
  /// It was made for one queue, or for several, and the other was asked for.
  case queueMismatch(String, hasSeveral: Bool)
  /// An interface, but no TAP.
  case otherInterface(String)
  /// It gives fewer queues: how many.
  case tooManyQueues(String, limit: Int)
  case notOpen(Int32)
  case notTap(Int32)
  /// Its frames come without a virtio header, or with packet information.
  case noHeader(Int32)
  /// What failed.
  case host(String, Errno)
}

extension Tap {
  /// What the refusal of a name means.
  private static func explain(
    _ error: Errno, _ name: String, index: Int, count: Int, existed: Bool
  ) -> TapError {
    switch error {
    case .notPermitted where !existed: .missing(name)
    case .notPermitted, .permissionDenied: .notPermitted(name)
    case .resourceBusy where index == 0: .busy(name)
    case .argListTooLong, .resourceBusy: .tooManyQueues(name, limit: index)
    case .invalidArgument: explainFlags(name, isSeveral: count > 1)
    default: .host(name, error)
    }
  }

  /// Which of its flags differ: tried out.
  private static func explainFlags(_ name: String, isSeveral: Bool) -> TapError {
    guard let descriptor = try? openDevice() else { return .otherInterface(name) }
    // As in `open`. The TAP is let go at the end of this function.
    switch unsafe clinux_tap_attach(descriptor.number, name, isSeveral ? 0 : 1) {
    case 0, -EBUSY: return .queueMismatch(name, hasSeveral: !isSeveral)
    default: return .otherInterface(name)
    }
  }
}

/// One queue of a TAP.
final class TapQueue: FramePort {
  let descriptor: OwnedDescriptor

  init(_ descriptor: consuming OwnedDescriptor) {
    self.descriptor = descriptor
  }

  func setHeaderSize(_ size: Int) throws(Errno) {
    try check(clinux_tap_set_header_size(descriptor.number, Int32(size)))
  }

  /// Takes the queue into use or out of it.
  func setAttached(_ isAttached: Bool) throws(Errno) {
    try check(clinux_tap_set_queue(descriptor.number, isAttached ? 1 : 0))
  }

  /// Tells the kernel what the reader of this TAP's frames does itself, of `netGuestOffloads`.
  func setOffloads(_ offloads: VirtioFeatures) throws(Errno) {
    var bits: UInt32 = 0
    if offloads.contains(.netGuestChecksum) {
      bits |= CLINUX_TUN_CSUM
      if offloads.contains(.netGuestTSO4) { bits |= CLINUX_TUN_TSO4 }
      if offloads.contains(.netGuestTSO6) { bits |= CLINUX_TUN_TSO6 }
      if offloads.contains(.netGuestECN), bits & (CLINUX_TUN_TSO4 | CLINUX_TUN_TSO6) != 0 {
        bits |= CLINUX_TUN_TSO_ECN
      }
      // Linux knows the two only together.
      if offloads.isSuperset(of: [.netGuestUSO4, .netGuestUSO6]) {
        bits |= CLINUX_TUN_USO4 | CLINUX_TUN_USO6
      }
    }
    try check(clinux_tap_set_offload(descriptor.number, bits))
  }

  private func check(_ result: Int32) throws(Errno) {
    if result < 0 { throw Errno(rawValue: -result) }
  }

  var readable: Int32 { descriptor.number }
  /// A TAP whose queue is full drops.
  var writable: Int32? { nil }
  var hasRoom: Bool { true }

  func read(into buffers: UnsafeMutablePointer<iovec>, count: Int) -> Int {
    // The caller's list has `count` elements.
    unsafe clinux_readv(descriptor.number, buffers, Int32(truncatingIfNeeded: count))
  }

  func write(_ buffers: UnsafeMutablePointer<iovec>, count: Int) {
    // As in `read`. A refusal is dropped with the frame.
    _ = unsafe clinux_writev(descriptor.number, buffers, Int32(truncatingIfNeeded: count))
  }

  func flush() -> Bool { true }

  /// Its link is watched.
  func checkPeer() {}
}
