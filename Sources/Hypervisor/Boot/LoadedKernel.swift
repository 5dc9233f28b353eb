public import Devices

/// What lies in guest memory once everything to boot has been loaded.
public struct LoadedKernel: Hashable, Sendable {
  /// How and where the boot CPU enters.
  public let entry: BootEntry
  /// Where what it finds at its entry lies.
  public let places: BootPlaces
  /// For people, such as "bzImage, Linux 6.1.0-56-cloud-amd64, protocol 2.15, 64-bit entry".
  public let format: String
  /// Whether this is a Linux kernel for certain. An ELF file does not say what it holds.
  public let isLinux: Bool
  /// Memory that the kernel uses before it has read its memory map.
  public let range: GuestRange
  public let initrd: GuestRange?
  /// The effective command line; nil where the image takes none.
  public let commandLine: String?
}
