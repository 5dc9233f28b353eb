/// The registers' names, for people: the specification's.
extension VirtioPCI {
  public static func registerName(at offset: UInt64) -> String? {
    let offset = Int(truncatingIfNeeded: offset)
    switch offset {
    case Region.common:
      // A half of a 64-bit field is the field.
      return commonFields.last { $0.offset <= offset }.flatMap {
        offset < commonSize ? $0.name : nil
      }
    case Region.isr: return "ISR status"
    case Region.device: return "configuration+0x" + String(offset - Region.device.lowerBound, radix: 16)
    case Region.notify: return "notify queue \((offset - Region.notify.lowerBound) / notifyMultiplier)"
    case Region.messageTable:
      return "MSI-X vector \((offset - Region.messageTable.lowerBound) / MSIXTable.entrySize)"
    case Region.pendingBits: return "MSI-X pending bits"
    default: return nil
    }
  }

  /// Virtio 1.2 section 4.1.4.3.
  private static let commonFields: [(offset: Int, name: String)] = [
    (0x00, "device_feature_select"), (0x04, "device_feature"), (0x08, "driver_feature_select"),
    (0x0C, "driver_feature"), (0x10, "config_msix_vector"), (0x12, "num_queues"), (0x14, "device_status"),
    (0x15, "config_generation"), (0x16, "queue_select"), (0x18, "queue_size"), (0x1A, "queue_msix_vector"),
    (0x1C, "queue_enable"), (0x1E, "queue_notify_off"), (0x20, "queue_desc"), (0x28, "queue_driver"),
    (0x30, "queue_device"), (0x38, "queue_notify_data"), (0x3A, "queue_reset"),
  ]
}
