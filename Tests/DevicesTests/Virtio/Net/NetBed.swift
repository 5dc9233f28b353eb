@testable import Devices

/// A network device on a TAP, with a driver: what most tests need.
final class NetBed: NetDriver {
  let bed: TapBed

  init(queues: Int = 1, mtu: Int = 1500, hasHeader: Bool = false) throws {
    bed = try TapBed.make(queues: queues, mtu: mtu, hasHeader: hasHeader)
    try super.init(NetBackend(.tap(bed.tap)), mtu: mtu)
  }
}
