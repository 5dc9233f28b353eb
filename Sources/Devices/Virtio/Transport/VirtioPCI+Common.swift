internal import Synchronization

/// The common configuration structure (virtio 1.2 section 4.1.4.3): its fields, each accessed whole at
/// its own width, 64-bit ones by halves as well.
extension VirtioPCI {
  /// Bytes of the structure.
  static let commonSize = 0x40

  private enum Field {
    static let deviceFeatureSelect = 0x00
    static let deviceFeature = 0x04
    static let driverFeatureSelect = 0x08
    static let driverFeature = 0x0C
    static let configurationVector = 0x10
    static let queueCount = 0x12
    static let status = 0x14
    static let generation = 0x15
    static let queueSelect = 0x16
    static let queueSize = 0x18
    static let queueVector = 0x1A
    static let queueEnable = 0x1C
    static let queueNotifyOffset = 0x1E
    static let queueDescriptors = 0x20
    static let queueAvailable = 0x28
    static let queueUsed = 0x30
    static let queueNotifyData = 0x38
    static let queueReset = 0x3A
  }

  func readCommon(at offset: Int, width: Int) -> UInt64 {
    core.registers.withLock { registers in
      let queue = core.selectedQueue(registers)
      switch (offset, width) {
      case (Field.deviceFeatureSelect, 4): return UInt64(registers.deviceFeatureSelect)
      case (Field.deviceFeature, 4): return UInt64(core.readDeviceFeatures(registers))
      case (Field.driverFeatureSelect, 4): return UInt64(registers.driverFeatureSelect)
      case (Field.driverFeature, 4):
        return UInt64(TransportCore.window(registers.driverFeatures, registers.driverFeatureSelect))
      case (Field.configurationVector, 2): return UInt64(registers.configurationVector)
      case (Field.queueCount, 2): return UInt64(registers.queues.count)
      case (Field.status, 1): return UInt64(registers.status.rawValue)
      case (Field.generation, 1): return UInt64(registers.generation)
      case (Field.queueSelect, 2): return UInt64(registers.queueSelect)
      // A queue that is not there has size 0 (section 4.1.4.3.1).
      case (Field.queueSize, 2): return UInt64(queue?.size ?? 0)
      case (Field.queueVector, 2): return UInt64(queue?.vector ?? QueueConfiguration.noVector)
      case (Field.queueEnable, 2): return queue?.isEnabled == true ? 1 : 0
      case (Field.queueNotifyOffset, 2): return UInt64(registers.queueSelect)
      case (Field.queueNotifyData, 2): return 0
      case (Field.queueReset, 2): return core.isResettingSelectedQueue(registers) ? 1 : 0
      case (Field.queueDescriptors..<Field.queueNotifyData, 4),
        (Field.queueDescriptors..<Field.queueNotifyData, 8):
        return Self.readAddress(queue, at: offset, width: width)
      default: return UInt64.max
      }
    }
  }

  func writeCommon(_ value: UInt64, at offset: Int, width: Int) {
    let word = UInt32(truncatingIfNeeded: value)
    let half = UInt16(truncatingIfNeeded: value)
    core.registers.withLock { registers in
      // While the device is on its way back to its first state, nothing else may change.
      guard !registers.isResetting else { return }
      switch (offset, width) {
      case (Field.deviceFeatureSelect, 4): registers.deviceFeatureSelect = word
      case (Field.driverFeatureSelect, 4): registers.driverFeatureSelect = word
      case (Field.driverFeature, 4): core.writeDriverFeatures(word, &registers)
      case (Field.configurationVector, 2):
        registers.configurationVector = accepted(vector: half)
      case (Field.status, 1): core.writeStatus(UInt8(truncatingIfNeeded: value), &registers)
      case (Field.queueSelect, 2): registers.queueSelect = half
      case (Field.queueSize, 2): core.configureQueue(&registers) { $0.size = half }
      case (Field.queueVector, 2):
        let vector = accepted(vector: half)
        core.configureQueue(&registers) { $0.vector = vector }
      case (Field.queueEnable, 2) where half == 1: core.enableQueue(&registers)
      case (Field.queueReset, 2) where half == 1: core.resetQueue(&registers)
      case (Field.queueDescriptors..<Field.queueNotifyData, 4),
        (Field.queueDescriptors..<Field.queueNotifyData, 8):
        core.configureQueue(&registers) {
          Self.writeAddress(value, &$0, at: offset, width: width)
        }
      default: break
      }
    }
  }

  /// A vector that the table does not have is answered by "none" (section 4.1.5.1.2.1).
  private func accepted(vector: UInt16) -> UInt16 {
    interrupts.message(vector) == nil ? QueueConfiguration.noVector : vector
  }

  // MARK: Ring addresses

  private static func ring(at offset: Int) -> WritableKeyPath<QueueConfiguration, UInt64> {
    switch offset & ~7 {
    case Field.queueDescriptors: \.descriptorTable
    case Field.queueAvailable: \.availableRing
    default: \.usedRing
    }
  }

  private static func readAddress(_ queue: QueueConfiguration?, at offset: Int, width: Int) -> UInt64 {
    guard offset % width == 0 else { return UInt64.max }
    return (queue?[keyPath: ring(at: offset)] ?? 0) &>> UInt64(8 &* (offset & 7))
  }

  private static func writeAddress(
    _ value: UInt64, _ queue: inout QueueConfiguration, at offset: Int, width: Int
  ) {
    guard offset % width == 0 else { return }
    let shift = UInt64(8 &* (offset & 7))
    let mask = (width == 8 ? UInt64.max : 0xFFFF_FFFF) &<< shift
    queue[keyPath: ring(at: offset)] = queue[keyPath: ring(at: offset)] & ~mask | value &<< shift & mask
  }
}
