internal import Devices

/// The Differentiated System Description Table: the devices, in AML (ACPI 6.5 section 5.2.11.1).
enum DifferentiatedDescriptionTable {
  static func bytes(apicIDs: [UInt32], pciWindow64: GuestRange?) -> [UInt8] {
    // Revision 2 makes AML's Integers 64 bits wide.
    SystemDescriptionTable.bytes(
      "DSDT", revision: 2,
      softOff.bytes
        + AML.scope(
          #"\_SB"#,
          [pciRoot(pciWindow64), mainBoard, serialPort, clock, panicPort, firmwareConfiguration]
            + apicIDs.enumerated().map(processor)
        ).bytes)
  }

  /// What to write to the PM1 control registers for soft off (section 7.4.2.6).
  private static var softOff: AML {
    .name(#"\_S5"#, .package([.integer(Layout.s5SleepType), 0, 0, 0]))
  }

  // MARK: PCI

  private static func pciRoot(_ window64: GuestRange?) -> AML {
    let beforeConfigurationPorts = 0...UInt16(Layout.Port.pciConfiguration - 1)
    let afterConfigurationPorts = UInt16(Layout.Port.pciConfiguration + 8)...UInt16.max
    return .device(
      "PCI0",
      [
        .name("_HID", .eisaID("PNP0A08")),  // PCI Express
        .name("_CID", .eisaID("PNP0A03")),  // and PCI
        .name("_UID", 0),
        .name("_SEG", 0),
        .name("_BBN", 0),
        .name(
          "_CRS",
          .resources(
            [
              .busWindow(Layout.pciBuses),
              .ports(UInt16(Layout.Port.pciConfiguration), count: 8),
              .portWindow(beforeConfigurationPorts),
              .portWindow(afterConfigurationPorts),
              .memoryWindow(Layout.pciWindow),
            ] + (window64.map { [.memoryWindow($0)] } ?? []))),
        .name("_PRT", .package(interruptRoutes)),
        operatingSystemCapabilities,
      ])
  }

  /// A route for each pin of each device: its slot, the pin, no link device, the GSI (section 6.2.13).
  private static var interruptRoutes: [AML] {
    (UInt8(1)...31).flatMap { device in
      InterruptPin.allCases.map { pin in route(device, pin) }
    }
  }

  private static func route(_ device: UInt8, _ pin: InterruptPin) -> AML {
    let allFunctions: UInt32 = 0xFFFF
    let slot = UInt32(device) << 16 | allFunctions
    return .package([
      .integer(slot), .integer(pin.rawValue - 1), 0, .integer(Layout.IRQ.pci(device: device, pin: pin)),
    ])
  }

  /// _OSC: the system asks which features of PCI Express it may drive (PCI Firmware Specification 3.3
  /// section 4.5.1). The firmware keeps none for itself, so every request comes back as it was.
  private static var operatingSystemCapabilities: AML {
    let unrecognizedUUID = AML.integer(UInt8(1 << 2))
    let unrecognizedRevision = AML.integer(UInt8(1 << 3))
    let (uuid, revision, capabilities) = (AML.argument(0), AML.argument(1), AML.argument(3))
    return .method(
      "_OSC", arguments: 4,
      [
        .createDWordField("STAT", of: capabilities, at: 0),
        .if(
          .equal(uuid, .uuid("33DB4D5B-1FF7-401C-9657-7441C03DD766")),
          then: [
            .if(.not(.equal(revision, 1)), then: [.or(unrecognizedRevision, into: .path("STAT"))])
          ],
          else: [.or(unrecognizedUUID, into: .path("STAT"))]),
        .return(capabilities),
      ])
  }

  // MARK: Other devices

  /// What is taken without being any device's: a system must not place one there, and trusts the
  /// ECAM only where it is listed so.
  private static var mainBoard: AML {
    .device(
      "MBRD",
      [
        .name("_HID", .eisaID("PNP0C02")),
        .name("_UID", 0),
        .name(
          "_CRS", .resources([.memory(Layout.ecam), .ports(UInt16(Layout.Port.acpiPM1), count: 6)])),
      ])
  }

  private static var serialPort: AML {
    .device(
      "COM1",
      [
        .name("_HID", .eisaID("PNP0501")),
        .name("_UID", 1),
        .name(
          "_CRS",
          .resources([.ports(UInt16(Layout.Port.com1), count: 8), .irq(UInt8(Layout.IRQ.com1))])),
      ])
  }

  private static var clock: AML {
    .device(
      "RTC",
      [
        .name("_HID", .eisaID("PNP0B00")),
        .name(
          "_CRS",
          .resources([.ports(UInt16(Layout.Port.cmos), count: 2), .irq(UInt8(Layout.IRQ.rtc))])),
      ])
  }

  /// As QEMU describes it: there, and nothing to show to people.
  private static var firmwareConfiguration: AML {
    .device(
      "FWCF",
      [
        .name("_HID", "QEMU0002"),
        .name("_STA", .integer(UInt8(0x0B))),
        .name("_CRS", .resources([.ports(UInt16(Layout.Port.firmwareConfiguration), count: 2)])),
      ])
  }

  /// As QEMU's, with methods that read and write the port (docs/specs/pvpanic.rst).
  private static var panicPort: AML {
    .device(
      "PEVT",
      [
        .name("_HID", "QEMU0001"),
        .name("_CRS", .resources([.ports(UInt16(Layout.Port.panic), count: 1)])),
        .portRegion("PEOR", base: Layout.Port.panic, size: 1),
        .byteField("PEPT", of: "PEOR"),
        .method("RDPT", arguments: 0, [.return(.path("PEPT"))]),
        .method("WRPT", arguments: 1, [.store(.argument(0), into: .path("PEPT"))]),
      ])
  }

  private static func processor(index: Int, apicID: UInt32) -> AML {
    .device(
      "C" + String(index, radix: 36, uppercase: true).leftPadded(to: 3),
      [
        .name("_HID", "ACPI0007"),
        .name("_UID", .integer(MultipleAPICDescriptionTable.uid(apicID: apicID))),
      ])
  }
}

extension String {
  fileprivate func leftPadded(to count: Int) -> String {
    String(repeating: "0", count: max(count - self.count, 0)) + self
  }
}
