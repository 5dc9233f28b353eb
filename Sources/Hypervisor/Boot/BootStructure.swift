public import Devices

/// What the machine itself puts into memory for the boot CPU, below 1 MiB unless the image leaves no room there.
public enum BootStructure: CaseIterable, Hashable, Sendable {
  case gdt
  /// PVH's start info or Multiboot's information: an image has one of them.
  case startInfo
  case bootParameters
  case stack
  case pageTables
  case commandLine

  /// The stack may grow down to boot_params.
  private static let stackEnd = GuestAddress(Layout.bootParameters.value + UInt64(BootParameters.size))

  /// Where it lies unless the image is there, with as much as it may take.
  public var range: GuestRange {
    switch self {
    case .gdt: GuestRange(base: Layout.gdt, size: UInt64(BootGDT.size))
    case .startInfo: GuestRange(base: Layout.startInfo, size: UInt64(PVHStartInfo.capacity))
    case .bootParameters: GuestRange(base: Layout.bootParameters, size: UInt64(BootParameters.size))
    case .stack:
      GuestRange(base: Self.stackEnd, size: Layout.bootStack.value - Self.stackEnd.value)
    case .pageTables: GuestRange(base: Layout.pageTables, size: UInt64(LongMode.size))
    case .commandLine: GuestRange(base: Layout.commandLine, size: UInt64(Layout.commandLineCapacity))
    }
  }

  /// What its address is a multiple of.
  var alignment: UInt64 {
    switch self {
    case .pageTables: 4096
    case .gdt, .startInfo, .bootParameters, .stack, .commandLine: 16
    }
  }

  /// For people.
  public var name: String {
    switch self {
    case .gdt: "the GDT"
    case .startInfo: "the start info"
    case .bootParameters: "boot_params"
    case .stack: "the boot stack"
    case .pageTables: "the page tables"
    case .commandLine: "the command line"
    }
  }
}

extension BootEntry {
  /// What its protocol has in memory beside the image.
  var structures: [BootStructure] {
    switch self {
    case .linux64: [.gdt, .bootParameters, .stack, .pageTables, .commandLine]
    case .linux32: [.gdt, .bootParameters, .stack, .commandLine]
    case .pvh, .multiboot: [.gdt, .startInfo, .commandLine]
    case .realMode: []
    }
  }
}
