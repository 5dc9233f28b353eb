import Devices
import Testing

@testable import Hypervisor

@Suite struct ACPITablesTests {
  private func reader(cpus: UInt32 = 2) throws -> TableReader {
    TableReader(
      try ACPITables(
        ACPITables.Configuration(
          apicIDs: Array(0..<cpus),
          pciWindow64: GuestRange(base: 0x1_4000_0000, size: 0x40_0000_0000))))
  }

  @Test func `the root pointer lies first and passes both of its checksums`() throws {
    let tables = try ACPITables(ACPITables.Configuration(apicIDs: [0], pciWindow64: nil))
    let old: UInt8 = tables.bytes.prefix(20).reduce(0, &+)
    let whole: UInt8 = tables.bytes.prefix(36).reduce(0, &+)
    #expect(tables.rsdp == 0xE_0000)
    #expect(Array(tables.bytes.prefix(8)) == Array("RSD PTR ".utf8))
    #expect(tables.bytes[15] == 2)
    #expect(old == 0)
    #expect(whole == 0)
  }

  @Test func `the extended table lists FADT, MADT and MCFG`() throws {
    let reader = try reader()
    let signature = reader.text(4, at: reader.xsdtAddress)
    let listed = Set(reader.addresses.keys)
    #expect(signature == "XSDT")
    #expect(listed == ["FACP", "APIC", "MCFG"])
  }

  @Test func `every table sums to zero and lies on a 16-byte boundary`() throws {
    let reader = try reader()
    let dsdt = try #require(reader.field(UInt64.self, "FACP", at: 140))
    for address in [reader.xsdtAddress, dsdt] + reader.addresses.values {
      let sum: UInt8 = reader.table(at: address).reduce(0, &+)
      #expect(sum == 0)
      #expect(address % 16 == 0)
    }
  }

  @Test func `tables do not overlap and fill the image to its end`() throws {
    let reader = try reader()
    let dsdt = try #require(reader.field(UInt64.self, "FACP", at: 140))
    let addresses = ([reader.xsdtAddress, dsdt] + reader.addresses.values).sorted()
    var end = Layout.acpiTables.value + 128
    for address in addresses {
      #expect(address >= end && address < end + 16)
      end = address + UInt64(reader.table(at: address).count)
    }
    #expect(end == Layout.acpiTables.value + UInt64(reader.bytes.count))
  }

  @Test func `the control structure is aligned, sized and named by one field only`() throws {
    let reader = try reader()
    let address = try #require(reader.field(UInt32.self, "FACP", at: 36))
    let signature = reader.text(4, at: UInt64(address))
    let size = reader.number(UInt32.self, at: UInt64(address) + 4)
    let version = reader.number(UInt8.self, at: UInt64(address) + 32)
    let extended = reader.field(UInt64.self, "FACP", at: 132)
    #expect(address % 64 == 0)
    #expect(signature == "FACS")
    #expect(size == 64)
    #expect(version == 2)
    #expect(extended == 0)
  }

  // MARK: FADT, by the offsets of ACPI 6.5 table 5.9

  @Test func `the fixed table has the size and version of ACPI 6.5`() throws {
    let reader = try reader()
    #expect(reader.field(UInt32.self, "FACP", at: 4) == 276)
    #expect(reader.field(UInt8.self, "FACP", at: 8) == 6)
    #expect(reader.field(UInt8.self, "FACP", at: 131) == 5)
    let dsdt = try #require(reader.field(UInt32.self, "FACP", at: 40))
    let signature = reader.text(4, at: UInt64(dsdt))
    #expect(signature == "DSDT")
    #expect(reader.field(UInt64.self, "FACP", at: 140) == UInt64(dsdt))
  }

  @Test func `the PM1 blocks agree in their old and their extended fields`() throws {
    let reader = try reader()
    for (old, extended, length, address, size) in [
      (56, 148, 88, 0x600, 4), (64, 172, 89, 0x604, 2),
    ] as [(UInt64, UInt64, UInt64, UInt64, UInt8)] {
      #expect(reader.field(UInt32.self, "FACP", at: old) == UInt32(address))
      #expect(reader.field(UInt8.self, "FACP", at: length) == size)
      #expect(reader.field(UInt8.self, "FACP", at: extended) == 1)
      #expect(reader.field(UInt8.self, "FACP", at: extended + 1) == size * 8)
      #expect(reader.field(UInt64.self, "FACP", at: extended + 4) == address)
    }
  }

  @Test func `blocks that are not there have neither address nor length`() throws {
    let reader = try reader()
    let absent: [UInt64] = [
      48, 60, 68, 72, 76, 80, 84,  // SMI_CMD, PM1b_EVT, PM1b_CNT, PM2_CNT, PM_TMR, GPE0, GPE1
      90, 160, 164, 184, 188, 196, 200, 208, 212, 220, 224, 232, 236, 244, 248, 256, 260,
    ]
    for offset in absent {
      #expect(reader.field(UInt32.self, "FACP", at: offset) == 0, "at \(offset)")
    }
  }

  @Test func `interrupt, flags and reset register tell of the hardware that there is`() throws {
    let reader = try reader()
    #expect(reader.field(UInt16.self, "FACP", at: 46) == 9)
    #expect(reader.field(UInt16.self, "FACP", at: 109) == 0b101)
    let flags = try #require(reader.field(UInt32.self, "FACP", at: 112))
    #expect(flags & 1 << 4 == 0, "a fixed power button")
    #expect(flags & 1 << 5 != 0, "no fixed sleep button")
    #expect(flags & 1 << 10 != 0, "a reset register")
    #expect(flags & 1 << 20 == 0, "not hardware-reduced")
    #expect(reader.field(UInt32.self, "FACP", at: 116) == 0x0100_0801)
    #expect(reader.field(UInt64.self, "FACP", at: 120) == 0xCF9)
    #expect(reader.field(UInt8.self, "FACP", at: 128) == 0x06)
  }

  // MARK: MADT

  @Test func `processors with ids to 254 are local APICs, the others x2APICs`() throws {
    let configuration = ACPITables.Configuration(apicIDs: [0, 254, 255, 0x1_0000], pciWindow64: nil)
    let entries = TableReader(try ACPITables(configuration)).madtEntries
    #expect(
      entries.filter { $0[0] == 0 } == [[0, 8, 0, 0, 1, 0, 0, 0], [0, 8, 254, 254, 1, 0, 0, 0]])
    #expect(
      entries.filter { $0[0] == 9 } == [
        [9, 16, 0, 0, 255, 0, 0, 0, 1, 0, 0, 0, 255, 0, 0, 0],
        [9, 16, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0],
      ])
    #expect(entries.filter { $0[0] == 10 } == [[10, 12, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0]])
  }

  @Test func `interrupt controllers and overrides follow the processors`() throws {
    let entries = try reader().madtEntries
    #expect(
      entries == [
        [0, 8, 0, 0, 1, 0, 0, 0],
        [0, 8, 1, 1, 1, 0, 0, 0],
        [1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0],
        [2, 10, 0, 0, 2, 0, 0, 0, 0, 0],
        [2, 10, 0, 9, 9, 0, 0, 0, 0x05, 0],
        [4, 6, 0xFF, 0, 0, 1],
      ])
  }

  @Test func `the MADT names the local APICs' address and the 8259s`() throws {
    let reader = try reader()
    #expect(reader.field(UInt32.self, "APIC", at: 36) == 0xFEE0_0000)
    #expect(reader.field(UInt32.self, "APIC", at: 40) == 1)
  }

  // MARK: MCFG

  @Test func `configuration space is at the ECAM for bus 0 of segment 0`() throws {
    let reader = try reader()
    #expect(reader.field(UInt32.self, "MCFG", at: 4) == 60)
    #expect(reader.field(UInt64.self, "MCFG", at: 44) == 0xE000_0000)
    #expect(reader.field(UInt16.self, "MCFG", at: 52) == 0)
    #expect(reader.field(UInt16.self, "MCFG", at: 54) == 0)
  }

  // MARK: DSDT

  @Test func `soft off is sleep type 5`() throws {
    let reader = try reader()
    let dsdt = try #require(reader.field(UInt64.self, "FACP", at: 140))
    let body = reader.table(at: dsdt).dropFirst(36)
    // Name (\_S5, Package (4) { 5, 0, 0, 0 })
    #expect(Array(body.prefix(15)) == [0x08] + Array(#"\_S5_"#.utf8) + [0x12, 7, 4, 0x0A, 5, 0, 0, 0, 0x10])
  }

  // MARK: Size

  @Test func `the tables of 1024 processors fit`() throws {
    let tables = try ACPITables(
      ACPITables.Configuration(apicIDs: Array(0..<1024), pciWindow64: nil))
    #expect(tables.bytes.count <= 128 << 10)
    #expect(TableReader(tables).madtEntries.count { $0[0] == 0 || $0[0] == 9 } == 1024)
  }

  @Test func `tables of too many processors are an error that says by how much`() {
    let error = #expect(throws: ACPITables.TooLarge.self) {
      try ACPITables(ACPITables.Configuration(apicIDs: Array(0..<4096), pciWindow64: nil))
    }
    #expect(error?.capacity == 128 << 10)
    #expect((error?.size ?? 0) > 128 << 10)
  }
}
