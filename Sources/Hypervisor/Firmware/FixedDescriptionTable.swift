/// The Fixed ACPI Description Table: what of ACPI is in hardware, and where (ACPI 6.5 section 5.2.9).
///
/// The machine is not "hardware-reduced": it has the PM1 event and control registers, and with them
/// the fixed power button. It has no PM timer, no general-purpose events and no SMI; a zero command
/// port says that it is in ACPI mode from the start.
enum FixedDescriptionTable {
  static func bytes(facs: UInt32, dsdt: UInt32) -> [UInt8] {
    let pm1Event = UInt16(Layout.Port.acpiPM1)
    let pm1Control = pm1Event + UInt16(pm1EventLength)
    let noBlock: UInt32 = 0
    // Latencies past these limits say that the states C2 and C3 do not exist.
    let noC2: UInt16 = 101
    let noC3: UInt16 = 1001

    var body: [UInt8] = []
    body.append(littleEndian: facs)
    body.append(littleEndian: dsdt)
    body += [0, 0]  // reserved; power profile: unspecified
    body.append(littleEndian: UInt16(Layout.IRQ.sci))
    body.append(littleEndian: UInt32(0))  // SMI_CMD
    body += [0, 0, 0, 0]  // values for SMI_CMD
    body.append(littleEndian: UInt32(pm1Event))
    body.append(littleEndian: noBlock)  // PM1b_EVT
    body.append(littleEndian: UInt32(pm1Control))
    for _ in ["PM1b_CNT", "PM2_CNT", "PM_TMR", "GPE0", "GPE1"] {
      body.append(littleEndian: noBlock)
    }
    body += [pm1EventLength, pm1ControlLength]
    body += [0, 0, 0, 0, 0, 0]  // lengths of PM2_CNT, PM_TMR, GPE0, GPE1; GPE1's base; _CST
    body.append(littleEndian: noC2)
    body.append(littleEndian: noC3)
    body += [0, 0, 0, 0]  // cache flush by reading: not needed, WBINVD works
    body += [0, 0]  // duty cycle: none
    body += [0, 0, 0]  // RTC alarm's day and month, century: not in the CMOS
    body.append(littleEndian: BootArchitecture.ours.rawValue)
    body.append(0)  // reserved
    body.append(littleEndian: Features.ours.rawValue)
    body += GenericAddress(port: UInt16(Layout.Port.resetControl), size: 1).bytes
    body.append(resetValue)
    body += [0, 0]  // ARM
    body.append(minorVersion)
    // X_FIRMWARE_CTRL: of the two fields for one FACS exactly one may be used; below 4 GiB it is the old one.
    body.append(littleEndian: UInt64(0))
    body.append(littleEndian: UInt64(dsdt))
    // The same blocks again as generic addresses. A system that sees the two differ complains.
    body += GenericAddress(port: pm1Event, size: pm1EventLength).bytes
    body += GenericAddress.none.bytes  // PM1b_EVT
    body += GenericAddress(port: pm1Control, size: pm1ControlLength).bytes
    for _ in ["PM1b_CNT", "PM2_CNT", "PM_TMR", "GPE0", "GPE1", "sleep control", "sleep status"] {
      body += GenericAddress.none.bytes
    }
    body.append(littleEndian: UInt64(0))  // hypervisor vendor identity: none
    return SystemDescriptionTable.bytes("FACP", revision: 6, body)
  }

  /// Status and enable registers, two bytes each.
  private static let pm1EventLength: UInt8 = 4
  private static let pm1ControlLength: UInt8 = 2
  /// The revision is 6, this 5: ACPI 6.5.
  private static let minorVersion: UInt8 = 5
  /// Hard reset, reset CPU: what port 0xCF9 takes for a reset.
  private static let resetValue: UInt8 = 0x06

  /// IAPC_BOOT_ARCH (section 5.2.9.3). Without `i8042` a system looks for no keyboard; without
  /// `noCMOSClock` it finds the RTC.
  private struct BootArchitecture: OptionSet {
    let rawValue: UInt16
    static let legacyDevices = BootArchitecture(rawValue: 1 << 0)
    static let noVGA = BootArchitecture(rawValue: 1 << 2)
    static let ours: BootArchitecture = [.legacyDevices, .noVGA]
  }

  /// Fixed feature flags (section 5.2.9, table 5.10). That a power button has no bit means that it is
  /// a fixed one; the sleep button's bit means that there is none.
  private struct Features: OptionSet {
    let rawValue: UInt32
    static let wbinvd = Features(rawValue: 1 << 0)
    static let c1OnAllProcessors = Features(rawValue: 1 << 2)
    static let noFixedSleepButton = Features(rawValue: 1 << 5)
    static let noFixedRTCWake = Features(rawValue: 1 << 6)
    static let resetRegister = Features(rawValue: 1 << 10)
    static let ours: Features = [
      .wbinvd, .c1OnAllProcessors, .noFixedSleepButton, .noFixedRTCWake, .resetRegister,
    ]
  }
}

/// A Generic Address Structure: a register in some address space (ACPI 6.5 section 5.2.3.2).
struct GenericAddress {
  let bytes: [UInt8]

  /// No register.
  static let none = GenericAddress(bytes: Array(repeating: 0, count: 12))

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// A register of `size` bytes in port space, accessed by bytes if it is one byte and by words if more.
  init(port: UInt16, size: UInt8) {
    let systemIO: UInt8 = 1
    let bitOffset: UInt8 = 0
    let accessSize: UInt8 = size == 1 ? 1 : 2
    bytes = [systemIO, size * 8, bitOffset, accessSize] + UInt64(port).littleEndianBytes
  }
}

/// The Firmware ACPI Control Structure: a mailbox between firmware and system (ACPI 6.5 section 5.2.10).
/// This firmware is gone by the time a system runs, so all it holds is its name.
enum FirmwareControlStructure {
  /// It must lie on such a boundary.
  static let alignment = 64
  static let size = 64

  static var bytes: [UInt8] {
    let version: UInt8 = 2
    var bytes = Array("FACS".utf8)
    bytes.append(littleEndian: UInt32(size))
    bytes += Array(repeating: 0, count: size - bytes.count)
    bytes[32] = version
    return bytes
  }
}
