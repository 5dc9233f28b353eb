public import Devices

/// The tables by which the machine describes itself to an operating system (ACPI 6.5 section 5).
///
/// Laid out once for a fixed address: the RSDP first, where a search finds it too, then the FACS,
/// which must be aligned, then the tables.
public struct ACPITables: Hashable, Sendable {
  /// What of the machine the tables tell besides the fixed `Layout`.
  public struct Configuration: Hashable, Sendable {
    /// The local APIC id of each processor, boot processor first; without duplicates.
    public var apicIDs: [UInt32]
    /// Where BARs above 4 GiB may go, if anywhere: clear of RAM and addressable by the guest's CPU.
    public var pciWindow64: GuestRange?

    public init(apicIDs: [UInt32], pciWindow64: GuestRange?) {
      self.apicIDs = apicIDs
      self.pciWindow64 = pciWindow64
    }
  }

  /// The tables do not fit the place that the machine has for them: too many processors.
  public struct TooLarge: Error, Hashable, Sendable {
    /// Bytes that the tables take.
    public let size: Int
    /// Bytes that there are, `Layout.acpiCapacity`.
    public let capacity: Int
  }

  /// To be written to guest memory at `address`.
  public let bytes: [UInt8]

  public var address: GuestAddress { Layout.acpiTables }

  /// Where the RSDP will lie.
  public var rsdp: GuestAddress { address }

  public init(_ configuration: Configuration) throws(TooLarge) {
    var image = Image()
    // The pointer comes first but points to what comes last.
    _ = image.place(RootPointer.bytes(xsdt: 0))
    let facs = image.place(FirmwareControlStructure.bytes, alignment: FirmwareControlStructure.alignment)
    let dsdt = image.place(
      DifferentiatedDescriptionTable.bytes(
        apicIDs: configuration.apicIDs, pciWindow64: configuration.pciWindow64))
    let tables = [
      image.place(FixedDescriptionTable.bytes(facs: facs, dsdt: dsdt)),
      image.place(MultipleAPICDescriptionTable.bytes(apicIDs: configuration.apicIDs)),
      image.place(MemoryMappedConfigurationTable.bytes),
    ]
    let xsdt = image.place(ExtendedSystemDescriptionTable.bytes(tables: tables.map(UInt64.init)))
    image.bytes.replaceSubrange(..<RootPointer.size, with: RootPointer.bytes(xsdt: UInt64(xsdt)))

    let capacity = Int(Layout.acpiCapacity)
    guard image.bytes.count <= capacity else {
      throw TooLarge(size: image.bytes.count, capacity: capacity)
    }
    bytes = image.bytes
  }

  /// Guest memory from `Layout.acpiTables` on, as it fills.
  private struct Image {
    var bytes: [UInt8] = []

    /// Appends a table at the next aligned address, which it returns.
    mutating func place(_ table: [UInt8], alignment: Int = 16) -> UInt32 {
      let padding = (alignment - bytes.count % alignment) % alignment
      bytes += Array(repeating: 0, count: padding)
      defer { bytes += table }
      return UInt32(Layout.acpiTables.value) + UInt32(bytes.count)
    }
  }
}
