internal import CLinux
internal import Synchronization

/// The hand that writes into a track of a trace: a plain value without references, so that no path counts any.
/// Off by default, which costs whoever holds it a comparison with nil.
@safe
public struct TraceWriter: Sendable {
  // Nil: off. The ring's memory is never freed, and all of it is atomic.
  private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>?
  private let device: UInt16
  private let number: UInt32

  /// Writes nothing.
  public init() {
    unsafe cells = nil
    device = 0
    number = 0
  }

  /// - Parameters:
  ///   - device: the device's number in the trace.
  ///   - number: the queue or GSI that every record says.
  init(_ ring: TraceRing, device: UInt16, number: UInt32) {
    unsafe cells = ring.cells
    self.device = device
    self.number = number
  }

  public var isOn: Bool { unsafe cells != nil }

  /// Ticks of the time stamp counter, never 0; 0 where this is off.
  public var now: UInt64 { isOn ? Self.ticks : 0 }

  /// Ticks of the time stamp counter, never 0.
  public static var ticks: UInt64 { clinux_ticks() | 1 }

  /// A vCPU left its guest at `start` and has been answered.
  public func exit(
    _ detail: UInt8, count: UInt32, address: UInt64, value: UInt64, instructionPointer: UInt64,
    since start: UInt64
  ) {
    let end = Self.ticks
    put(.exit, detail, count, start: start | 1, duration: end &- start, address, value, instructionPointer)
  }

  /// A queue was looked after since `start`, which `now` told.
  func served(_ count: UInt64 = 0, since start: UInt64) {
    guard isOn else { return }
    put(.served, 0, number, start: start | 1, duration: Self.ticks &- start, count, 0, 0)
  }

  /// The queue's interrupt is about to be signalled.
  func interrupt(gsi: UInt32?) {
    guard isOn else { return }
    put(.interrupt, 0, number, start: Self.ticks, duration: 0, gsi.map(UInt64.init) ?? .max, 0, 0)
  }

  /// An edge is about to be seen on the line.
  func line() {
    guard isOn else { return }
    put(.line, 0, number, start: Self.ticks, duration: 0, 0, 0, 0)
  }

  /// A disk's driver asked for something, which will end.
  ///
  /// - Parameter slot: tells the requests under way apart.
  func requestBegan(_ slot: UInt32, _ request: BlockRequest) {
    guard isOn else { return }
    let (operation, extent) = request.traced
    put(
      .requestBegin, operation, number, start: Self.ticks, duration: 0, extent?.offset ?? 0,
      extent?.length ?? 0,
      UInt64(slot))
  }

  func requestEnded(_ slot: UInt32, _ status: BlockStatus) {
    guard isOn else { return }
    put(.requestEnd, status.rawValue, number, start: Self.ticks, duration: 0, 0, 0, UInt64(slot))
  }

  /// Claims a slot and fills it in; drops the record where there is none.
  private func put(
    _ kind: TraceRecord.Kind, _ detail: UInt8, _ number: UInt32, start: UInt64, duration: UInt64,
    _ first: UInt64,
    _ second: UInt64, _ third: UInt64
  ) {
    typealias Cell = TraceRing.Cell
    guard let cells = unsafe cells else { return }
    // Every index below is a constant, or one of a slot's, of which the ring has `capacity`.
    var head = unsafe cells[Cell.head].load(ordering: .relaxed)
    while true {
      // Acquire: the slot was emptied before the tail moved on.
      let tail = unsafe cells[Cell.tail].load(ordering: .acquiring)
      guard head &- tail < UInt64(TraceRing.capacity) else {
        // A head that was read long ago says nothing: the tail may have passed it.
        let latest = unsafe cells[Cell.head].load(ordering: .relaxed)
        if latest == head {
          unsafe cells[Cell.dropped].add(1, ordering: .relaxed)
          return
        }
        head = latest
        continue
      }
      let claim = unsafe cells[Cell.head].weakCompareExchange(
        expected: head, desired: head &+ 1, ordering: .relaxed)
      if claim.exchanged { break }
      head = claim.original
    }
    let slot = TraceRing.slot(head)
    unsafe cells[slot &+ 1].store(duration, ordering: .relaxed)
    unsafe cells[slot &+ 2].store(TraceRecord.tag(kind, detail, device, number), ordering: .relaxed)
    unsafe cells[slot &+ 3].store(first, ordering: .relaxed)
    unsafe cells[slot &+ 4].store(second, ordering: .relaxed)
    unsafe cells[slot &+ 5].store(third, ordering: .relaxed)
    // Release: whoever sees the first word sees the others.
    unsafe cells[slot].store(start, ordering: .releasing)
  }
}

extension BlockRequest {
  /// What it is in a trace, and where on the disk.
  fileprivate var traced: (operation: UInt8, extent: Extent?) {
    switch self {
    case .read(let extent): (DiskRequest.Operation.read.rawValue, extent)
    case .write(let extent): (DiskRequest.Operation.write.rawValue, extent)
    case .flush: (DiskRequest.Operation.flush.rawValue, nil)
    case .identify: (TraceRecord.Kind.identify, nil)
    case .discard(let extent): (DiskRequest.Operation.discard.rawValue, extent)
    case .writeZeroes(let extent, _): (DiskRequest.Operation.writeZeroes.rawValue, extent)
    }
  }
}
