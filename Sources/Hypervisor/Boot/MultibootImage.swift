internal import Devices

/// A program for the bare machine that a Multiboot loader starts: an ELF file, or raw bytes whose header says
/// where they go (Multiboot Specification 0.6.96).
public struct MultibootImage: Sendable {
  /// At least one, sorted by physical address.
  let segments: [ELFImage.Segment]
  let entry: GuestAddress
  private let container: String

  /// The longest command line in bytes, its NUL left out: the specification sets no limit.
  static let commandLineSize = Layout.commandLineCapacity - 1

  var format: String { "multiboot, \(container)" }

  init(_ file: ImageFile, head: LittleEndianBytes, header: MultibootHeader) throws(KernelFormatError) {
    try header.check()
    if let addresses = header.addresses {
      let segment = try Self.segment(of: file, header, addresses)
      container = "raw"
      segments = [segment]
      entry = GuestAddress(UInt64(addresses.entry))
    } else if head.holds(ELFImage.magic, at: 0) {
      let executable = try ELF32Executable(file, head: head)
      container = "ELF 32-bit"
      segments = executable.segments
      entry = executable.entry
    } else {
      throw .multiboot(.noAddresses)
    }
    guard segments.contains(where: { $0.range.contains(entry) }) else {
      throw .elf(.entryOutsideSegments(entry.value))
    }
  }

  /// An x86-64 ELF file with a Multiboot header: entered at the same place, in 32-bit mode.
  init(_ image: ELFImage, header: MultibootHeader, entry: GuestAddress) throws(KernelFormatError) {
    try header.check()
    container = "ELF x86-64"
    segments = image.segments
    self.entry = entry
  }

  func placement(in memoryMap: MemoryMap) throws(KernelPlacementError) -> KernelPlacement {
    try KernelPlacement(segments, entry: .multiboot(entry: entry), in: memoryMap)
  }

  /// What the address fields say: bytes from the file, and zeroes behind them.
  private static func segment(
    of file: ImageFile, _ header: MultibootHeader, _ addresses: MultibootHeader.Addresses
  ) throws(KernelFormatError) -> ELFImage.Segment {
    guard addresses.loadStart <= addresses.header,
      UInt64(addresses.header - addresses.loadStart) <= header.offset
    else { throw .multiboot(.contradiction("load_addr")) }
    let fileOffset = header.offset - UInt64(addresses.header - addresses.loadStart)
    var size = file.size - fileOffset
    if addresses.loadEnd != 0 {
      guard addresses.loadEnd > addresses.loadStart else { throw .multiboot(.contradiction("load_end_addr")) }
      size = UInt64(addresses.loadEnd - addresses.loadStart)
      guard fileOffset + size <= file.size else {
        throw .multiboot(.truncated(end: fileOffset + size, size: file.size))
      }
    }
    var memorySize = size
    if addresses.zeroEnd != 0 {
      guard UInt64(addresses.zeroEnd) >= UInt64(addresses.loadStart) + size else {
        throw .multiboot(.contradiction("bss_end_addr"))
      }
      memorySize = UInt64(addresses.zeroEnd - addresses.loadStart)
    }
    guard let range = GuestRange(exactly: UInt64(addresses.loadStart), size: memorySize) else {
      throw .multiboot(.contradiction("load_addr"))
    }
    return ELFImage.Segment(
      fileOffset: fileOffset, fileSize: size, virtualAddress: range.base.value, range: range)
  }
}
