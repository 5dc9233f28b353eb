internal import Devices

/// MCFG: where the PCI configuration space lies in memory (PCI Firmware Specification 3.3 section 4.1.2).
enum MemoryMappedConfigurationTable {
  static var bytes: [UInt8] {
    let segment: UInt16 = 0
    let reserved: [UInt8] = Array(repeating: 0, count: 8)
    var body = reserved
    body.append(littleEndian: Layout.ecam.base.value)
    body.append(littleEndian: segment)
    body += [UInt8(Layout.pciBuses.lowerBound), UInt8(Layout.pciBuses.upperBound)]
    body += [0, 0, 0, 0]
    return SystemDescriptionTable.bytes("MCFG", revision: 1, body)
  }
}
