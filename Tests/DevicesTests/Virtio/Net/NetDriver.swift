import TestSupport
import Testing

@testable import Devices

/// A network device with a driver.
class NetDriver {
  let device: NetDevice
  let driver: PCIDriver
  private(set) var queues: [DriverQueue] = []
  /// Buffers that were given to the receive queues, by queue and head.
  private var buffers: [Int: [UInt16: [DriverBuffer]]] = [:]

  init(_ backend: NetBackend, mtu: Int?) throws {
    device = try NetDevice(backend, mac: Frame.guest, mtu: mtu, name: "net")
    driver = try PCIDriver(device, arena: GuestArena())
  }

  deinit {
    driver.function.shutDown()
  }

  /// Starts the driver, with what it asks for of what is offered besides VERSION_1.
  func start(_ features: VirtioFeatures = [], size: UInt16 = 64) throws {
    buffers = [:]
    queues = try driver.start(features.union(.version1), size: size)
    // The device takes up its work on another thread. Once an empty frame is back, it has.
    try queues[1].add([driver.arena.readable([0])])
    try driver.kick(queues[1], 1)
    _ = try driver.waitForUsed(queues[1], 1)
  }

  /// Sets a queue up again that was reset alone.
  func restart(queue index: Int) throws {
    buffers[index] = nil
    queues[index] = try driver.setUp(queue: index, size: 16)
  }

  // MARK: Receiving

  /// Gives the device a buffer for frames.
  func give(_ size: UInt32 = 1526, cuts: [UInt32] = [], queue: Int = 0) throws {
    let parts = try driver.arena.writable(size).split(at: cuts)
    let head = try #require(try queues[queue].add(parts))
    buffers[queue, default: [:]][head] = parts
    try driver.kick(queues[queue], queue)
  }

  /// Waits for a frame: its header, what follows it, and how many buffers it took.
  func take(queue: Int = 0) throws -> (header: [UInt8], frame: [UInt8], buffers: Int) {
    var bytes: [UInt8] = []
    var count = 0
    repeat {
      bytes += try takeBuffer(queue)
      count += 1
    } while count < Int(bytes[10]) + Int(bytes[11]) << 8
    return (Array(bytes[..<12]), Array(bytes[12...]), count)
  }

  private func takeBuffer(_ queue: Int) throws -> [UInt8] {
    let used = try driver.waitForUsed(queues[queue], queue)
    let removed = buffers[queue]?.removeValue(forKey: UInt16(used.head))
    let parts = try #require(removed)
    let bytes = try parts.flatMap { try driver.arena.bytes(of: $0) }
    return Array(bytes[..<Int(used.written)])
  }

  // MARK: Sending

  /// Sends a frame in the given framing, and waits until it was taken.
  func transmit(
    _ frame: [UInt8], header: [UInt8] = Array(repeating: 0, count: 12), cuts: [UInt32] = [], queue: Int = 1
  ) throws {
    try queues[queue].add(driver.arena.readable(header + frame).split(at: cuts))
    try driver.kick(queues[queue], queue)
    #expect(try driver.waitForUsed(queues[queue], queue).written == 0)
  }

  // MARK: Commands

  /// Sends a command; what the device answers, 0 for yes.
  func command(_ bytes: [UInt8]) throws -> UInt8 {
    let index = driver.driverFeatures.contains(.netMultiqueue) ? queues.count - 1 : 2
    let answer = try driver.arena.writable(1)
    try queues[index].add([driver.arena.readable(bytes), answer])
    try driver.kick(queues[index], index)
    #expect(try driver.waitForUsed(queues[index], index).written == 1)
    return try driver.arena.bytes(of: answer)[0]
  }

  func configuration(_ offset: Int, _ width: Int) -> UInt64 {
    device.readConfiguration(at: offset, width: width)
  }
}
