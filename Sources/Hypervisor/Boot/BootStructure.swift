public import Devices

/// What the machine itself puts below 1 MiB for the boot CPU.
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

  public var range: GuestRange {
    switch self {
    case .gdt: GuestRange(base: Layout.gdt, size: UInt64(BootGDT.size))
    case .startInfo: GuestRange(base: Layout.pvhStartInfo, size: UInt64(PVHStartInfo.capacity))
    case .bootParameters: GuestRange(base: Layout.bootParameters, size: UInt64(BootParameters.size))
    case .stack:
      GuestRange(base: Self.stackEnd, size: Layout.bootStack.value - Self.stackEnd.value)
    case .pageTables: GuestRange(base: Layout.pageTables, size: UInt64(LongMode.size))
    case .commandLine: GuestRange(base: Layout.commandLine, size: UInt64(Layout.commandLineCapacity))
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
