internal import CLinux
internal import SystemPackage

/// Asks the host about network interfaces, and hears when one changes (rtnetlink(7)), in the network
/// namespace of the thread that made it.
final class LinkSocket: Sendable {
  let descriptor: OwnedDescriptor

  init() throws(Errno) {
    descriptor = try OwnedDescriptor(result: clinux_link_socket())
  }

  // In all of these the kernel copies the name.

  func index(of name: String) -> Int32? {
    let result = unsafe clinux_interface_index(descriptor.number, name)
    return result > 0 ? result : nil
  }

  func mtu(of name: String) -> Int? {
    let result = unsafe clinux_interface_mtu(descriptor.number, name)
    return result < 0 ? nil : Int(result)
  }

  func setMTU(_ value: Int, of name: String) throws(Errno) {
    let result = unsafe clinux_interface_set_mtu(descriptor.number, name, Int32(clamping: value))
    if result < 0 { throw Errno(rawValue: -result) }
  }

  func setUp(_ isUp: Bool, _ name: String) throws(Errno) {
    let result = unsafe clinux_interface_set_up(descriptor.number, name, isUp ? 1 : 0)
    if result < 0 { throw Errno(rawValue: -result) }
  }
}

/// Whether the link of one interface is up, and when that may have changed.
final class LinkMonitor: Sendable {
  let socket: LinkSocket
  private let name: String
  private let index: Int32

  /// - Parameter tap: the TAP that the interface must be: a name may mean another interface here than
  ///   where the TAP was made.
  /// - Throws: ENODEV where it is not.
  init(_ name: String, of tap: Int32) throws(Errno) {
    socket = try LinkSocket()
    self.name = name
    guard let index = socket.index(of: name), let here = Self.address(socket.descriptor.number, name),
      here == Self.address(tap, name)
    else { throw .operationNotSupportedByDevice }
    self.index = index
  }

  private static func address(_ descriptor: Int32, _ name: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 6)
    // The array has the six bytes that the call writes.
    return unsafe clinux_interface_address(descriptor, name, &bytes) < 0 ? nil : bytes
  }

  /// Whether frames can pass: the interface is up and has a carrier.
  var isUp: Bool { clinux_interface_is_running(socket.descriptor.number, index) == 1 }

  var mtu: Int? { socket.mtu(of: name) }

  func setMTU(_ value: Int) throws(Errno) {
    try socket.setMTU(value, of: name)
  }

  /// Readable when some interface changed.
  var events: Int32 { socket.descriptor.number }

  /// Takes the events that came.
  func drain() {
    _ = clinux_link_socket_drain(socket.descriptor.number)
  }
}
