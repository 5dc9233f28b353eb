internal import Devices

/// The Multiple APIC Description Table: processors and interrupt controllers (ACPI 6.5 section 5.2.12).
enum MultipleAPICDescriptionTable {
  /// - Parameter apicIDs: one for each processor, in the order in which a system is to number them.
  static func bytes(apicIDs: [UInt32]) -> [UInt8] {
    let dual8259: UInt32 = 1
    var body: [UInt8] = []
    body.append(littleEndian: UInt32(Layout.localAPIC.value))
    body.append(littleEndian: dual8259)

    for id in apicIDs { body += processor(apicID: id) }
    body += ioAPIC
    // The PIT is ISA interrupt 0 but pin 2, where pin 0 belonged to the 8259s.
    body += interruptOverride(irq: 0, gsi: Layout.IRQ.pit, flags: .conformsToBus)
    // A pulse on a level-triggered pin that is still being served would be lost.
    body += interruptOverride(irq: Layout.IRQ.sci, gsi: Layout.IRQ.sci, flags: .edgeActiveHigh)
    body += localNMI
    if apicIDs.contains(where: { !fitsLocalAPIC($0) }) { body += localX2APICNMI }
    return SystemDescriptionTable.bytes("APIC", revision: 5, body)
  }

  /// A processor's UID, by which its Device in the DSDT is matched with its entry here: its APIC id,
  /// which is unique and, where it goes into the old one-byte entry, fits.
  static func uid(apicID: UInt32) -> UInt32 { apicID }

  /// The old local APIC structure holds ids to 254 and must be used for them; 255 means "all".
  private static func fitsLocalAPIC(_ apicID: UInt32) -> Bool { apicID < 255 }

  private static func processor(apicID: UInt32) -> [UInt8] {
    let enabled = UInt32(1).littleEndianBytes
    let uid = uid(apicID: apicID)
    return fitsLocalAPIC(apicID)
      ? entry(0, [UInt8(uid), UInt8(apicID)] + enabled)
      : entry(9, [0, 0] + apicID.littleEndianBytes + enabled + uid.littleEndianBytes)
  }

  private static var ioAPIC: [UInt8] {
    let firstGSI: UInt32 = 0
    return entry(
      1,
      [Layout.ioapicID, 0] + UInt32(Layout.ioapic.value).littleEndianBytes + firstGSI.littleEndianBytes)
  }

  /// Polarity and trigger mode of an interrupt (table 5.26).
  private enum MPSFlags: UInt16 {
    case conformsToBus = 0
    case edgeActiveHigh = 0b0101
  }

  private static func interruptOverride(irq: UInt32, gsi: UInt32, flags: MPSFlags) -> [UInt8] {
    let isa: UInt8 = 0
    return entry(2, [isa, UInt8(irq)] + gsi.littleEndianBytes + flags.rawValue.littleEndianBytes)
  }

  /// The pin of every local APIC that takes NMIs.
  private static let lint1: UInt8 = 1

  private static var localNMI: [UInt8] {
    let allProcessors: UInt8 = 0xFF
    return entry(4, [allProcessors] + MPSFlags.conformsToBus.rawValue.littleEndianBytes + [lint1])
  }

  private static var localX2APICNMI: [UInt8] {
    let allProcessors: UInt32 = 0xFFFF_FFFF
    return entry(
      10,
      MPSFlags.conformsToBus.rawValue.littleEndianBytes + allProcessors.littleEndianBytes
        + [lint1, 0, 0, 0])
  }

  private static func entry(_ type: UInt8, _ contents: [UInt8]) -> [UInt8] {
    [type, UInt8(2 + contents.count)] + contents
  }
}
