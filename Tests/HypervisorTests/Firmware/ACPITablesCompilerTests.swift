import Devices
import Testing

@testable import Hypervisor

/// The tables against the reference implementation: what iasl reads in them, it writes again.
@Suite(.enabled(if: ASLCompiler.isInstalled, "iasl and acpiexec (acpica-tools) are not installed"))
struct ACPITablesCompilerTests {
  private let reader: TableReader

  init() throws {
    let configuration = ACPITables.Configuration(
      apicIDs: [0, 1, 2, 300], pciWindow64: GuestRange(base: 0x1_4000_0000, size: 0x40_0000_0000))
    reader = TableReader(try ACPITables(configuration))
  }

  /// The header but for checksum, creator and its revision, which the compiler replaces by its own.
  private func comparable(_ table: [UInt8]) -> [UInt8] {
    Array(table[..<9] + table[10..<28] + table[36...])
  }

  @Test(arguments: ["APIC", "MCFG"])
  func `a table survives disassembly and compilation`(signature: String) throws {
    let address = try #require(reader.addresses[signature])
    let table = reader.table(at: address)
    let compiler = try ASLCompiler()
    let compiled = try compiler.compile(try compiler.disassemble(table))
    #expect(comparable(compiled) == comparable(table))
  }

  @Test func `the fixed table survives disassembly and compilation`() throws {
    let address = try #require(reader.addresses["FACP"])
    let table = reader.table(at: address)
    let compiler = try ASLCompiler()
    let compiled = try compiler.compile(try compiler.disassemble(table))
    #expect(comparable(compiled) == comparable(table))
  }

  @Test func `the DSDT compiles without a remark to the same bytes but for the templates' checksums`() throws
  {
    let address = try #require(reader.field(UInt64.self, "FACP", at: 140))
    let table = reader.table(at: address)
    let compiler = try ASLCompiler()
    let compiled = try compiler.compile(try compiler.disassemble(table))
    let (ours, theirs) = (comparable(table), comparable(compiled))
    try #require(ours.count == theirs.count)
    let endTag: UInt8 = 0x79
    for index in ours.indices where ours[index] != theirs[index] {
      #expect(ours[index - 1] == endTag && theirs[index] == 0, "at \(index)")
    }
  }

  @Test(arguments: [
    #"Name (_HID, EisaId ("PNP0A08")"#,
    #"Name (_CID, EisaId ("PNP0A03")"#,
    #"Name (_HID, EisaId ("PNP0501")"#,
    #"Name (_HID, EisaId ("PNP0B00")"#,
    #"Name (_HID, EisaId ("PNP0C02")"#,
    #"Name (_HID, "ACPI0007""#,
    #"Name (_HID, "QEMU0001""#,
    "OperationRegion (PEOR, SystemIO, 0x0505, One)",
    "Field (PEOR, ByteAcc, NoLock, Preserve)",
    #"Name (_HID, "QEMU0002""#,
    "Name (_UID, 0x012C)",
    "Method (_OSC, 4, Serialized)",
    #"ToUUID ("33db4d5b-1ff7-401c-9657-7441c03dd766")"#,
    "0x0000000140000000, // Range Minimum",
    "0x000000413FFFFFFF, // Range Maximum",
  ])
  func `the disassembled DSDT says`(text: String) throws {
    let address = try #require(reader.field(UInt64.self, "FACP", at: 140))
    let source = try ASLCompiler().disassemble(reader.table(at: address))
    #expect(source.contains(text))
  }

  @Test(arguments: [
    ("5B", 1, "00"), ("5B", 2, "08"), ("00", 1, "04"),
  ])
  func `a system that asks for features of PCI Express gets them, unless it asks wrongly`(
    uuidStart: String, revision: Int, status: String
  ) throws {
    let address = try #require(reader.field(UInt64.self, "FACP", at: 140))
    let uuid = "(\(uuidStart) 4D DB 33 F7 1F 1C 40 96 57 74 41 C0 3D D7 66)"
    let request = "00 00 00 1F 01 00 00 9F 00 00 00"
    let output = try ASLCompiler().evaluate(
      #"\_SB.PCI0._OSC \#(uuid) \#(revision) 3 (00 \#(request))"#, in: reader.table(at: address))
    #expect(output.contains("\(status) \(request)"))
  }
}
