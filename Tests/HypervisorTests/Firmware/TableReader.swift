import Devices

@testable import Hypervisor

/// Finds its way through the tables as an operating system does: from the RSDP, by address.
struct TableReader {
  let bytes: [UInt8]

  init(_ tables: ACPITables) {
    bytes = tables.bytes
  }

  func number<Value: FixedWidthInteger>(_ type: Value.Type, at address: UInt64) -> Value {
    let offset = Int(address - Layout.acpiTables.value)
    return bytes[offset..<offset + Value.bitWidth / 8].reversed().reduce(0) { $0 << 8 | Value($1) }
  }

  func text(_ count: Int, at address: UInt64) -> String {
    let offset = Int(address - Layout.acpiTables.value)
    return String(decoding: bytes[offset..<offset + count], as: UTF8.self)
  }

  /// The whole table at `address`, by the length in its header.
  func table(at address: UInt64) -> [UInt8] {
    let offset = Int(address - Layout.acpiTables.value)
    return Array(bytes[offset..<offset + Int(number(UInt32.self, at: address + 4))])
  }

  var xsdtAddress: UInt64 { number(UInt64.self, at: Layout.acpiTables.value + 24) }

  /// The tables that the XSDT lists, by signature.
  var addresses: [String: UInt64] {
    let length = UInt64(number(UInt32.self, at: xsdtAddress + 4))
    var found: [String: UInt64] = [:]
    for entry in stride(from: xsdtAddress + 36, to: xsdtAddress + length, by: 8) {
      let address = number(UInt64.self, at: entry)
      found[text(4, at: address)] = address
    }
    return found
  }

  /// A field of a table that the XSDT lists.
  func field<Value: FixedWidthInteger>(_ type: Value.Type, _ signature: String, at offset: UInt64) -> Value? {
    addresses[signature].map { number(type, at: $0 + offset) }
  }

  /// The structures behind the MADT's fixed part, each with its type and length.
  var madtEntries: [[UInt8]] {
    guard let address = addresses["APIC"] else { return [] }
    var rest = table(at: address).dropFirst(44)
    var entries: [[UInt8]] = []
    while let length = rest.dropFirst().first, length >= 2 {
      entries.append(Array(rest.prefix(Int(length))))
      rest = rest.dropFirst(Int(length))
    }
    return entries
  }
}
