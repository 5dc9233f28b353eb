internal import Devices

/// Addresses and ports that guests/exits/guest.inc names too.
enum BenchLayout {
  /// A port that reads give a value from and writes leave one at.
  static let scratchPort: UInt64 = 0xE0
  /// A write ends the batch.
  static let finishPort: UInt64 = 0xE4
  /// The same as `scratchPort` in memory.
  static let register: UInt64 = 0xD000_0000
  static let doorbell: GuestAddress = 0xD000_1000
  /// The register that `msr-user`'s filter denies.
  static let filteredMSR: UInt32 = 0x4B56_4DFE
  static let vector: UInt32 = 0x30

  /// Where guests note their samples.
  static let records: GuestAddress = 0x20_0000
  static let recordSize: UInt64 = 32
  /// Samples of a batch, for which memory is set aside.
  static let mostRecords = 8192

  /// Pages to be touched, one for each sample of a batch.
  static let touched = GuestRange(base: 0x1000_0000, size: UInt64(touchedPages) * 4096)
  static let touchedPages = 4096
  /// Its number among the slots of memory.
  static let touchedSlot: UInt32 = 2

  /// Where the second processor is entered, from the beginning of its guest on.
  static let secondEntry: UInt64 = 0x100

  /// The words that host and guest share.
  enum Word: UInt64 {
    case samples = 0x6000
    case argument = 0x6040
    case stop = 0x6080
    case mark = 0x60C0
    case time = 0x6100
    case reply = 0x6140
  }
}
