internal import Devices

/// Takes an exit to the device that it is for. Knows buses and data, not KVM, so a test can drive
/// it with a buffer of its own.
struct ExitDispatcher: Sendable {
  let ports: AddressSpace
  let memory: AddressSpace

  /// Answers a port read: `count` values of `width` bytes, one after the other.
  ///
  /// - Precondition: `data` has room for `count * width` bytes.
  @unsafe @inline(__always)
  func read(_ access: PortAccess, into data: UnsafeMutableRawPointer) {
    let width = Int(access.width)
    var cursor = unsafe data
    for _ in 0..<access.count {
      let value = ports.read(UInt64(access.port), width: width)
      unsafe Self.store(value, width: width, at: cursor)
      unsafe cursor += width
    }
  }

  /// Carries out a port write: `count` values of `width` bytes, one after the other.
  ///
  /// - Precondition: `data` holds `count * width` bytes.
  @unsafe @inline(__always)
  func write(_ access: PortAccess, from data: UnsafeRawPointer) {
    let width = Int(access.width)
    var cursor = unsafe data
    for _ in 0..<access.count {
      unsafe ports.write(Self.load(width: width, at: cursor), to: UInt64(access.port), width: width)
      unsafe cursor += width
    }
  }

  // x86 has port accesses of these three widths only; another one moves a byte, which is in bounds.
  @unsafe @inline(__always)
  private static func store(_ value: UInt64, width: Int, at pointer: UnsafeMutableRawPointer) {
    switch width {
    case 2: unsafe pointer.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    case 4: unsafe pointer.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
    default: unsafe pointer.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    }
  }

  @unsafe @inline(__always)
  private static func load(width: Int, at pointer: UnsafeRawPointer) -> UInt64 {
    switch width {
    case 2: UInt64(unsafe pointer.loadUnaligned(as: UInt16.self))
    case 4: UInt64(unsafe pointer.loadUnaligned(as: UInt32.self))
    default: UInt64(unsafe pointer.load(as: UInt8.self))
    }
  }
}
