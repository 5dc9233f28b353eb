public import Devices

/// What a guest can tell apart of a machine, as far as it is chosen: no path, no name that people give, no policy. What a part
/// has by its nature (a disk's size, a card's offloads) the guest sees too.
public struct MachineSpec: Codable, Hashable, Sendable {
  /// A virtio disk.
  public struct Disk: Codable, Hashable, Sendable {
    /// Names it in `MachineParts`, traces and messages: `disk0`.
    public let key: String
    /// What GET_ID tells: printable ASCII, at most 20 bytes.
    public var serial: String
    /// 1 to 64.
    public var queues: Int

    public init(key: String, serial: String = "", queues: Int = 1) {
      (self.key, self.serial, self.queues) = (key, serial, queues)
    }

    /// Queues that one disk has at most; each has a thread.
    public static let mostQueues = 64
    /// Bytes of a serial number (virtio 1.2 section 5.2.6).
    public static let longestSerial = 20
  }

  /// A virtio network card.
  public struct Card: Codable, Hashable, Sendable {
    /// Names it in `MachineParts`, traces and messages: `net0`.
    public let key: String
    /// The guest's own address; nil: whoever opens the card chooses it.
    public var mac: MACAddress?
    /// The largest packet, told the guest: 68 to 65535; nil: nothing is told.
    public var mtu: Int?

    public init(key: String, mac: MACAddress? = nil, mtu: Int? = nil) {
      (self.key, self.mac, self.mtu) = (key, mac, mtu)
    }

    /// What the guest can be told (virtio 1.2 section 5.1.4.1).
    public static let mtus = 68...65535
  }

  public var cpus = 1
  /// Bytes of RAM; what is no whole page is left out.
  public var memory: UInt64 = 1 << 30
  /// Kernel arguments behind the default ones.
  public var append: [String] = []
  /// Kernel arguments in place of the default ones.
  public var appendOnly: String?
  /// In the order in which the guest finds them.
  public var disks: [Disk] = []
  /// In the order in which the guest finds them.
  public var cards: [Card] = []
  /// Whether there is a virtio source of random numbers.
  public var hasEntropy = true
  /// Whether there is a virtio console.
  public var hasConsole = false
  /// The port that ends the machine with a status; nil: none.
  public var debugExit: UInt16?

  public init() {}
}
