// A disk, as its driver sees it: requests of three parts in a queue, and a bell to ring (virtio 1.2, section 5.2).
import Bare
import Processor
import Virtio

typealias Status = VirtioFunction.Status

/// One request after the other, each waited for.
struct Disk: ~Copyable {
  static let sectorSize: UInt32 = 512
  static let flushFeature: UInt64 = 1 << 9
  static let vector: UInt8 = 0x40

  enum Kind: UInt32 {
    case read = 0
    case write = 1
    case flush = 4
  }

  let device: VirtioFunction
  private var queue: VirtQueue
  /// What is asked for: 16 bytes.
  private let header = Page.allocate()
  /// Where the device says how it went: one byte.
  private let answer = Page.allocate()

  init?() {
    // Section 3.1.1: reset, "I see you", "I know how to drive you", features, queues, "go".
    guard let device = VirtioFunction(type: 2) else { return nil }
    device.reset()
    device.add(status: Status.acknowledge)
    device.add(status: Status.driver)
    print("the disk offers features 0x\(Hex(device.features))")
    let wanted = VirtioFunction.version1 | Self.flushFeature
    guard device.features & wanted == wanted, device.accept(features: wanted) else { return nil }
    queue = device.makeQueue(0, size: 8, vector: Self.vector)
    device.add(status: Status.driverOK)
    self.device = device
  }

  /// In sectors of 512 bytes, whatever the disk's own are.
  var capacity: UInt64 {
    // Two reads of four bytes are not one read of eight, and the disk may change in between.
    let low = device.configuration.read32(0)
    let high = device.configuration.read32(4)
    return UInt64(high) << 32 | UInt64(low)
  }

  /// - Returns: whether the disk did it.
  mutating func request(_ kind: Kind, sector: UInt64 = 0, data: Memory? = nil, sectors: UInt32 = 0) -> Bool {
    header.write32(kind.rawValue, 0)
    header.write32(0, 4)
    header.write64(sector, 8)
    answer.write8(0xFF)

    var chain = [VirtQueue.Buffer.toRead(header, 16)]
    if let data {
      let length = sectors * Self.sectorSize
      chain.append(kind == .read ? .toWrite(data, length) : .toRead(data, length))
    }
    chain.append(.toWrite(answer, 1))
    queue.describe(chain, at: 0)
    queue.offer(0)
    queue.ring()
    // Interrupts are allowed in the sleep only: none is missed between the look and the sleep.
    while queue.take() == nil { processor_sleep() }
    return answer.read8() == 0
  }
}

@_cdecl("interrupt_handler")
func handle(_ frame: UnsafeMutablePointer<interrupt_frame>) {
  // The assembly's frame is on the stack below this call.
  let vector = unsafe frame.pointee.vector
  guard vector == UInt64(Disk.vector) else { Guest.panic("an interrupt that nobody asked for") }
  MessageInterrupts.end()
}

/// A line in each sector that tells which one it is.
func fill(_ memory: Memory, sector: UInt64) {
  var offset = 0
  for byte in "sector \(sector) was written by a bare-metal guest\n".utf8 {
    memory.write8(byte, offset)
    offset += 1
  }
}

func text(_ memory: Memory) -> String {
  var text = ""
  var offset = 0
  while case let byte = memory.read8(offset), byte >= 32, offset < 512 {
    text.unicodeScalars.append(Unicode.Scalar(byte))
    offset += 1
  }
  return text
}

@main enum Lesson {
  static func main() {
    guard var disk = Disk() else { Guest.panic("no disk that this driver can drive: -d FILE") }
    print("the disk has \(disk.capacity) sectors")

    let sectors: UInt32 = 4
    let last = disk.capacity - UInt64(sectors)
    let data = Page.allocate()
    for first in [0, last] {
      for index in 0..<sectors {
        fill(data.advanced(by: Int(index * Disk.sectorSize)), sector: first + UInt64(index))
      }
      guard disk.request(.write, sector: first, data: data, sectors: sectors) else {
        Guest.panic("cannot write")
      }
    }
    guard disk.request(.flush) else { Guest.panic("cannot flush") }
    print("written and flushed")

    let copy = Page.allocate()
    for first in [0, last] {
      guard disk.request(.read, sector: first, data: copy, sectors: sectors) else {
        Guest.panic("cannot read")
      }
      for index in 0..<Int(sectors) { print("read: \(text(copy.advanced(by: 512 * index)))") }
    }

    // A driver's mistake is an answer, and the next request is served as if nothing had been.
    let isRefused = !disk.request(.read, sector: disk.capacity, data: copy, sectors: 1)
    print(isRefused ? "behind the end: refused" : "behind the end: read?")
  }
}
