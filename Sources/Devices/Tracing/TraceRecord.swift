/// One event of a trace, as it lies in a ring. Times are ticks of the time stamp counter.
public struct TraceRecord: Hashable, Sendable {
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// A vCPU left its guest and was answered. `detail`: a number of the hypervisor's; `number`: how many values;
    /// `first`: the address; `second`: the value; `third`: the instruction pointer, 0 where it is not known.
    case exit
    /// A worker looked after a queue. `number`: the queue; `first`: what it moved, 0 where that is not counted.
    case served
    /// A queue's interrupt was signalled. `number`: the queue; `first`: the GSI, all ones for the pin.
    case interrupt
    /// An edge on a chip's interrupt line. `number`: the GSI.
    case line
    /// A request came. `detail`: the operation, `DiskRequest.Operation`'s number, or `identify`; `number`: the queue;
    /// `first` and `second`: where on the disk it begins and how long it is, in bytes; `third`: its number.
    case requestBegin
    /// A request ended. `detail`: the status that the driver sees; `number`: the queue; `third`: its number.
    case requestEnd

    /// `detail` of a request for the disk's serial number, which no disk is asked for.
    public static let identify: UInt8 = 0xFF
  }

  public var kind: Kind
  public var detail: UInt8
  /// Which device of the trace's, by number; 0: none.
  public var device: UInt16
  public var number: UInt32
  /// When it began.
  public var start: UInt64
  /// 0: it is a moment.
  public var duration: UInt64
  public var first: UInt64
  public var second: UInt64
  public var third: UInt64

  public init(
    _ kind: Kind, detail: UInt8 = 0, device: UInt16 = 0, number: UInt32 = 0, start: UInt64,
    duration: UInt64 = 0,
    first: UInt64 = 0, second: UInt64 = 0, third: UInt64 = 0
  ) {
    self.kind = kind
    self.detail = detail
    self.device = device
    self.number = number
    self.start = start
    self.duration = duration
    self.first = first
    self.second = second
    self.third = third
  }

  /// Kind, detail, device and number in one word.
  static func tag(_ kind: Kind, _ detail: UInt8, _ device: UInt16, _ number: UInt32) -> UInt64 {
    UInt64(kind.rawValue) | UInt64(detail) &<< 8 | UInt64(device) &<< 16 | UInt64(number) &<< 32
  }
}
