import Testing

@testable import Hypervisor

@Suite struct AMLTests {
  @Test(
    arguments: [
      (0, [1]),
      (62, [63]),
      (63, [0x41, 0x04]),
      (4093, [0x4F, 0xFF]),
      (4094, [0x81, 0x00, 0x01]),
      ((1 << 20) - 4, [0x8F, 0xFF, 0xFF]),
      ((1 << 20) - 3, [0xC1, 0x00, 0x00, 0x01]),
    ] as [(Int, [UInt8])])
  func `a package length takes as few bytes as it can and counts them too`(body: Int, bytes: [UInt8]) {
    #expect(AML.packageLength(of: body) == bytes)
  }

  @Test(arguments: [
    ("_HID", "_HID"),
    ("RTC", "RTC_"),
    (#"\_SB"#, #"\_SB_"#),
    ("^^A", "^^A___"),
    ("PCI0.COM1", "\u{2E}PCI0COM1"),
    (#"\_SB.PCI0.COM1"#, "\\\u{2F}\u{3}_SB_PCI0COM1"),
    (#"\"#, "\\\u{0}"),
  ])
  func `a name path is its padded segments behind a prefix that tells their number`(
    path: String, encoding: String
  ) {
    #expect(AML.path(path).bytes == Array(encoding.utf8))
  }

  @Test(
    arguments: [
      (0, [0x00]),
      (1, [0x01]),
      (2, [0x0A, 2]),
      (0xFF, [0x0A, 0xFF]),
      (0x100, [0x0B, 0x00, 0x01]),
      (0xFFFF, [0x0B, 0xFF, 0xFF]),
      (0x1_0000, [0x0C, 0, 0, 1, 0]),
      (0xFFFF_FFFF, [0x0C, 0xFF, 0xFF, 0xFF, 0xFF]),
      (0x1_0000_0000, [0x0E, 0, 0, 0, 0, 1, 0, 0, 0]),
    ] as [(UInt64, [UInt8])])
  func `an integer takes its shortest form`(value: UInt64, bytes: [UInt8]) {
    #expect(AML.integer(value).bytes == bytes)
  }

  @Test(
    arguments: [
      ("PNP0A08", 0x080A_D041), ("PNP0A03", 0x030A_D041), ("PNP0501", 0x0105_D041), ("ACP0007", 0x0700_7004),
    ] as [(String, UInt32)])
  func `an EISA id is packed most significant byte first`(id: String, value: UInt32) {
    #expect(AML.eisaID(id) == .integer(value))
  }

  @Test func `a UUID keeps the byte order of its last two groups only`() {
    let uuid = AML.uuid("00112233-4455-6677-8899-AABBCCDDEEFF")
    #expect(
      uuid.bytes == [
        0x11, 0x13, 0x0A, 0x10, 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB,
        0xCC, 0xDD, 0xEE, 0xFF,
      ])
  }

  @Test(.enabled(if: ASLCompiler.isInstalled, "iasl and acpiexec (acpica-tools) are not installed"))
  func `the encoder and the reference compiler write the same bytes`() throws {
    let compiled = try ASLCompiler().compile(
      #"""
      DefinitionBlock ("", "DSDT", 2, "SWIFTV", "SWIFTVM ", 1) {
        Name (\NUMS, Package () { 0, 1, 2, 0xFF, 0x100, 0x10000, 0x100000000 })
        Scope (\_SB) {
          Device (DEV0) {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, "ACPI0007")
            Name (DATA, Buffer () { 1, 2, 3 })
            Name (UUID, ToUUID ("33DB4D5B-1FF7-401C-9657-7441C03DD766"))
            Method (TEST, 3, Serialized) {
              CreateDWordField (Arg2, 4, WORD)
              If (Arg0 == Arg1) { WORD |= 0x80 } Else { If (!(Arg0 == 1)) { WORD |= 8 } }
              Return (Arg2)
            }
          }
        }
      }
      """#)
    let numbers: [AML] = [0, 1, 2, 0xFF, 0x100, 0x10000, 0x1_0000_0000]
    let terms: [AML] = [
      .name(#"\NUMS"#, .package(numbers)),
      .scope(
        #"\_SB"#,
        [
          .device(
            "DEV0",
            [
              .name("_HID", .eisaID("PNP0A08")),
              .name("_CID", "ACPI0007"),
              .name("DATA", .buffer([1, 2, 3])),
              .name("UUID", .uuid("33DB4D5B-1FF7-401C-9657-7441C03DD766")),
              .method(
                "TEST", arguments: 3,
                [
                  .createDWordField("WORD", of: .argument(2), at: 4),
                  .if(
                    .equal(.argument(0), .argument(1)), then: [.or(0x80, into: .path("WORD"))],
                    else: [.if(.not(.equal(.argument(0), 1)), then: [.or(8, into: .path("WORD"))])]),
                  .return(.argument(2)),
                ]),
            ])
        ]),
    ]
    #expect(terms.flatMap(\.bytes) == Array(compiled.dropFirst(SystemDescriptionTable.headerSize)))
  }
}
