internal import Synchronization

/// QEMU's fw_cfg, by which a machine tells firmware and test kernels about itself: items of bytes, chosen by a key and
/// read one byte after the other (QEMU docs/specs/fw_cfg.rst, the traditional interface), through two ports:
///
///     0  selector, 16 bits, write-only
///     1  data
///
/// The two overlap: on the ISA bus a key is a byte written to 0 and then one to 1, and a byte that is written to 1
/// alone is for the data register, which takes none.
public final class FirmwareConfiguration: ByteBusDevice {
  public static let size: UInt64 = 2

  /// An item with a name, which the directory lists.
  public struct File: Hashable, Sendable {
    /// At most 55 bytes of ASCII; users' names begin with "opt/".
    public let name: String
    public let bytes: [UInt8]

    public init(name: String, bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
    }
  }

  private struct Item {
    let key: UInt16
    let bytes: [UInt8]
  }

  private enum Key {
    static let signature: UInt16 = 0x00
    static let features: UInt16 = 0x01
    static let ramSize: UInt16 = 0x03
    static let processors: UInt16 = 0x05
    static let mostProcessors: UInt16 = 0x0F
    static let directory: UInt16 = 0x19
    static let firstFile: UInt16 = 0x20
    /// Asks for an item to be written, which none can be.
    static let writeBit: UInt16 = 0x4000
  }

  /// The directory's field for a name, its NUL included.
  private static let nameSize = 56

  private let items: [Item]
  private let cursor = Mutex(Cursor())

  /// - Parameters:
  ///   - ramSize: bytes.
  ///   - files: in the directory's order.
  public init(processors: UInt32, ramSize: UInt64, files: [File] = []) {
    let count = UInt16(clamping: processors).bytes
    var items = [
      Item(key: Key.signature, bytes: Array("QEMU".utf8)),
      // The traditional interface alone, without DMA.
      Item(key: Key.features, bytes: UInt32(1).bytes),
      Item(key: Key.ramSize, bytes: ramSize.bytes),
      Item(key: Key.processors, bytes: count),
      Item(key: Key.mostProcessors, bytes: count),
    ]
    // Of all items, the directory alone is big-endian.
    var directory: [UInt8] = UInt32(clamping: files.count).bytes.reversed()
    for (key, file) in zip(Key.firstFile..<Key.writeBit, files) {
      let name = file.name.utf8.prefix(Self.nameSize - 1)
      directory += UInt32(clamping: file.bytes.count).bytes.reversed()
      directory += key.bytes.reversed() + [0, 0]
      directory += Array(name) + Array(repeating: 0, count: Self.nameSize - name.count)
      items.append(Item(key: key, bytes: file.bytes))
    }
    items.append(Item(key: Key.directory, bytes: directory))
    self.items = items
  }

  public func readByte(at offset: UInt64) -> UInt8 {
    guard offset == 1 else { return 0xFF }
    return cursor.withLock { cursor in
      cursor.half = nil
      // Past an item's end, and where there is none, zeroes.
      guard let item = cursor.item, items[item].bytes.indices.contains(cursor.next) else { return 0 }
      defer { cursor.next += 1 }
      return items[item].bytes[cursor.next]
    }
  }

  public func writeByte(_ value: UInt8, at offset: UInt64) {
    cursor.withLock { cursor in
      if offset == 1, let low = cursor.half {
        let key = UInt16(value) << 8 | UInt16(low)
        cursor = Cursor(key: key, item: index(of: key))
      } else {
        cursor.half = offset == 0 ? value : nil
      }
    }
  }

  private func index(of key: UInt16) -> Int? {
    items.firstIndex { $0.key == key & ~Key.writeBit }
  }

  private struct Cursor {
    var key = Key.signature
    /// Index of the item with that key.
    var item: Int? = 0
    var next = 0
    /// The lower byte of a key, until the upper one follows.
    var half: UInt8?
  }
}

extension FirmwareConfiguration: StatefulDevice {
  public struct State: Codable, Hashable, Sendable {
    public var key: UInt16
    public var next: Int
    public var half: UInt8?
  }

  public var state: State {
    cursor.withLock { State(key: $0.key, next: $0.next, half: $0.half) }
  }

  public func restore(_ state: State) throws(InvalidState) {
    let item = index(of: state.key)
    let end = item.map { items[$0].bytes.count } ?? 0
    try InvalidState.unless((0...end).contains(state.next), "FirmwareConfiguration", "next")
    cursor.withLock { $0 = Cursor(key: state.key, item: item, next: state.next, half: state.half) }
  }
}

extension FixedWidthInteger {
  /// Lowest first.
  fileprivate var bytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
  }
}
