import Synchronization

@testable import Devices

/// A function whose 4096 bytes are all writable and begin as a pattern that tells it from others.
func writableFunction(seed: UInt8) -> PassiveFunction {
  var space = ConfigurationSpace()
  for offset in 0..<ConfigurationSpace.size {
    space.define(patternByte(seed, offset), at: offset, writable: 0xFF)
  }
  return PassiveFunction(space)
}

func patternByte(_ seed: UInt8, _ offset: Int) -> UInt8 {
  seed &+ UInt8(truncatingIfNeeded: offset) &* 7 &+ UInt8(truncatingIfNeeded: offset >> 8)
}

/// The low `width` bytes of `value`.
func low(_ width: Int, of value: UInt64) -> UInt64 {
  width < 8 ? value & (1 << (8 * UInt64(width)) - 1) : value
}

/// The little-endian number of `bytes`.
func number(_ bytes: some BidirectionalCollection<UInt8>) -> UInt64 {
  bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

/// A function that answers with ones and notes what it was asked.
final class RecordingFunction: PCIFunction {
  struct Access: Hashable {
    let offset: Int
    let width: Int
  }

  let accesses = Mutex<[Access]>([])

  func readConfiguration(at offset: Int, width: Int) -> UInt32 {
    accesses.withLock { $0.append(Access(offset: offset, width: width)) }
    return .max
  }

  func writeConfiguration(_ value: UInt32, at offset: Int, width: Int) {
    accesses.withLock { $0.append(Access(offset: offset, width: width)) }
  }
}

extension PCIAddress {
  /// The addresses that the tests use, checked where they are made.
  static func at(_ device: UInt8, _ function: UInt8 = 0) throws -> PCIAddress {
    struct OutOfRange: Error {}
    guard let address = PCIAddress(device: device, function: function) else { throw OutOfRange() }
    return address
  }
}
