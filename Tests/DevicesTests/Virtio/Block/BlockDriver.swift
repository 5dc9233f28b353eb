import TestSupport

@testable import Devices

/// A driver of one block device: builds requests and waits for their ends.
final class BlockDriver {
  let driver: PCIDriver
  let device: BlockDevice
  let monitor: DiskMonitor
  /// Of its queues.
  let threads: [IOThread]
  private(set) var queues: [DriverQueue] = []

  init(_ disk: any Disk, identity: String = "SERIAL", queues count: Int = 1, traces: [TraceWriter] = [])
    throws
  {
    monitor = try DiskMonitor()
    threads = try (0..<count).map { try IOThread(name: "disk\($0)") }
    device = try BlockDevice(disk, identity: identity, threads: threads, monitor: monitor)
    driver = try PCIDriver(device, arena: GuestArena(), traces: traces)
  }

  deinit {
    driver.function.shutDown()
  }

  func start(_ features: VirtioFeatures? = nil, size: UInt16? = nil) throws {
    queues = try driver.start(features, size: size)
  }

  /// Waits until the queues' threads have done what they were told so far.
  func waitForWorkers() throws {
    for thread in threads {
      let done = try Latch()
      thread.post { _ in done.open() }
      done.wait()
    }
  }

  /// A request's buffers: header and data in one, the answer with the status byte in another.
  struct Request {
    let readable: DriverBuffer
    let writable: DriverBuffer
  }

  func make(
    _ type: UInt32, sector: UInt64 = 0, data: [UInt8] = [], answer: UInt32 = 0
  ) throws -> Request {
    let readable = try driver.arena.readable(Self.header(type, sector) + data)
    let writable = try driver.arena.writable(answer + 1)
    // So that a status that nobody wrote is none that exists.
    try driver.arena.memory.write(UInt8(0xEE), at: GuestAddress(writable.address + UInt64(answer)))
    return Request(readable: readable, writable: writable)
  }

  static func header(_ type: UInt32, _ sector: UInt64) -> [UInt8] {
    littleEndian(type) + [0, 0, 0, 0] + littleEndian(sector)
  }

  /// A discard or write zeroes range.
  static func range(_ sector: UInt64, _ count: UInt32, flags: UInt32 = 0) -> [UInt8] {
    littleEndian(sector) + littleEndian(count) + littleEndian(flags)
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  struct Answer: Equatable {
    var status: UInt8
    var data: [UInt8]
    var written: UInt32
  }

  @discardableResult
  func submit(
    _ request: Request, readCuts: [UInt32] = [], writeCuts: [UInt32] = [], queue index: Int = 0
  ) throws -> UInt16? {
    let buffers = request.readable.split(at: readCuts) + request.writable.split(at: writeCuts)
    let head = try queues[index].add(buffers)
    try driver.kick(queues[index], index)
    return head
  }

  func answer(to request: Request, written: UInt32) throws -> Answer {
    var data = try driver.arena.bytes(of: request.writable)
    let status = data.removeLast()
    return Answer(status: status, data: data, written: written)
  }

  /// Does a request and waits for its end.
  func perform(
    _ type: UInt32, sector: UInt64 = 0, data: [UInt8] = [], answer: UInt32 = 0, readCuts: [UInt32] = [],
    writeCuts: [UInt32] = [], queue index: Int = 0
  ) throws -> Answer {
    let request = try make(type, sector: sector, data: data, answer: answer)
    try submit(request, readCuts: readCuts, writeCuts: writeCuts, queue: index)
    let used = try driver.waitForUsed(queues[index], index)
    return try self.answer(to: request, written: used.written)
  }

  func configuration(_ offset: Int, _ width: Int) -> UInt64 {
    device.readConfiguration(at: offset, width: width)
  }
}

/// Bytes that differ from sector to sector and from seed to seed.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var random = SeededRandom(seed: seed)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}
