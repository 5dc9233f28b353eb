/// The configuration space of all buses as memory, 4 KiB a function: the Enhanced Configuration Access
/// Mechanism (PCI Express Base 5.0 section 7.2.2). Its window is 1 MiB a bus, from bus 0.
public final class ECAMWindow: BusDevice {
  private let bridge: HostBridge

  public init(_ bridge: HostBridge) {
    self.bridge = bridge
  }

  public func read(at offset: UInt64, width: Int) -> UInt64 {
    bridge.read(at: offset, width: width)
  }

  public func write(_ value: UInt64, at offset: UInt64, width: Int) {
    bridge.write(value, at: offset, width: width)
  }
}
