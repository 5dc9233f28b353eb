internal import CKVM
internal import CLinux
internal import Devices

/// A number that KVM keeps.
public struct KVMStatistic: Hashable, Sendable {
  public let name: String
  public let value: UInt64
}

/// What KVM itself counts of a vCPU (KVM API documentation, KVM_GET_STATS_FD).
final class KVMStatistics: Sendable {
  private struct Counter {
    let name: String
    let offset: Int
  }

  private let descriptor: OwnedDescriptor
  private let counters: [Counter]

  /// Takes over a statistics descriptor; nil where it does not read as one.
  init?(_ descriptor: consuming OwnedDescriptor) {
    let header = LittleEndianBytes(Self.read(24, at: 0, of: descriptor.number))
    let nameSize = Int(header.number(at: 4, as: UInt32.self))
    let count = Int(header.number(at: 8, as: UInt32.self))
    guard header.count == 24, (1...256).contains(nameSize), (1...4096).contains(count) else { return nil }
    let size = 16 + nameSize
    let start = Int(header.number(at: 16, as: UInt32.self))
    let table = LittleEndianBytes(Self.read(size * count, at: start, of: descriptor.number))
    guard table.count == size * count else { return nil }
    let data = Int(header.number(at: 20, as: UInt32.self))
    counters = (0..<count).compactMap { index in
      let entry = index * size
      // Of histograms the first bucket says little.
      guard table.number(at: entry + 6, as: UInt16.self) == 1 else { return nil }
      let name = table.bytes[(entry + 16)..<(entry + size)].prefix { $0 != 0 }
      return Counter(
        name: String(decoding: name, as: UTF8.self),
        offset: data + Int(table.number(at: entry + 8, as: UInt32.self)))
    }
    self.descriptor = descriptor
  }

  /// Those that are not zero, in KVM's order.
  var values: [KVMStatistic] {
    counters.compactMap { counter in
      let value: UInt64 = LittleEndianBytes(Self.read(8, at: counter.offset, of: descriptor.number)).number(
        at: 0)
      return value == 0 ? nil : KVMStatistic(name: counter.name, value: value)
    }
  }

  private static func read(_ count: Int, at offset: Int, of descriptor: Int32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // The array is as long as told.
    let length = unsafe pread(descriptor, &bytes, count, offset)
    return Array(bytes.prefix(max(0, length)))
  }
}
