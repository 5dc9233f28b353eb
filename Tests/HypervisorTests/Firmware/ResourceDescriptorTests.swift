import Devices
import Testing

@testable import Hypervisor

@Suite struct ResourceDescriptorTests {
  @Test func `an end tag makes a template sum to zero`() {
    let template = ResourceDescriptor.template([.irq(4), .ports(0x3F8, count: 8)])
    let sum: UInt8 = template.reduce(0, &+)
    #expect(template.suffix(2).first == 0x79)
    #expect(sum == 0)
  }

  @Test(.enabled(if: ASLCompiler.isInstalled, "iasl and acpiexec (acpica-tools) are not installed"))
  func `each descriptor is the one that the reference compiler writes`() throws {
    let compiled = try ASLCompiler().compile(
      #"""
      DefinitionBlock ("", "DSDT", 2, "SWIFTV", "SWIFTVM ", 1) {
        Name (\RES0, ResourceTemplate () {
          IO (Decode16, 0x3F8, 0x3F8, 1, 8)
          IRQNoFlags () { 4 }
          Memory32Fixed (ReadWrite, 0xE0000000, 0x10000000)
          Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 23 }
          WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0xFF, 0, 0x100)
          WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0xD00, 0xFFFF, 0, 0xF300)
          DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
            0, 0xC0000000, 0xDFFFFFFF, 0, 0x20000000)
          QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
            0, 0x100000000, 0x13FFFFFFF, 0, 0x40000000)
        })
      }
      """#)
    let template = AML.resources([
      .ports(0x3F8, count: 8),
      .irq(4),
      .memory(GuestRange(base: 0xE000_0000, size: 0x1000_0000)),
      .interrupt(gsi: 23),
      .busWindow(0...255),
      .portWindow(0xD00...0xFFFF),
      .memoryWindow(GuestRange(base: 0xC000_0000, size: 0x2000_0000)),
      .memoryWindow(GuestRange(base: 0x1_0000_0000, size: 0x4000_0000)),
    ])
    // The compiler leaves the end tag's checksum zero, which means "not given".
    let ours = AML.name(#"\RES0"#, template).bytes.dropLast()
    #expect(Array(ours) == Array(compiled.dropFirst(SystemDescriptionTable.headerSize).dropLast()))
  }
}
