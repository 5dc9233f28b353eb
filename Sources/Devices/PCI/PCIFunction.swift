internal import Synchronization

/// A function behind the host bridge, as configuration accesses reach it.
///
/// Any vCPU may call at any time: a function keeps its `ConfigurationSpace` in a mutex and holds that
/// no longer than an access takes.
public protocol PCIFunction: AnyObject, Sendable {
  /// Reads `width` bytes (1 to 4) at `offset` (0 to 4095) of configuration space, little-endian. They lie
  /// in one aligned doubleword, as every access on the bus does. Bits past `width` are ignored.
  func readConfiguration(at offset: Int, width: Int) -> UInt32

  /// Writes the low `width` bytes (1 to 4) of `value`, which lie in one aligned doubleword.
  func writeConfiguration(_ value: UInt32, at offset: Int, width: Int)
}

/// A function that does nothing but be found: registers without effect.
public final class PassiveFunction: PCIFunction {
  private let configuration: Mutex<ConfigurationSpace>

  public init(_ configuration: ConfigurationSpace) {
    self.configuration = Mutex(configuration)
  }

  public func readConfiguration(at offset: Int, width: Int) -> UInt32 {
    configuration.withLock { $0.read(at: offset, width: width) }
  }

  public func writeConfiguration(_ value: UInt32, at offset: Int, width: Int) {
    configuration.withLock { $0.write(value, at: offset, width: width) }
  }

  /// What a snapshot keeps.
  public var state: ConfigurationSpace.State {
    configuration.withLock { $0.state }
  }

  public func restore(_ state: ConfigurationSpace.State) throws(ConfigurationSpace.Mismatch) {
    try configuration.withLock { (space) throws(ConfigurationSpace.Mismatch) in
      try space.restore(state)
    }
  }
}
