public import Devices

/// How the boot CPU enters the guest, once an image lies in memory.
public enum BootEntry: Hashable, Sendable {
  /// Long mode, identity-mapped, RSI = boot_params (Linux x86 boot protocol, "64-bit boot protocol").
  case linux64(entry: GuestAddress)
  /// Protected mode without paging, ESI = boot_params (Linux x86 boot protocol, "32-bit boot protocol").
  case linux32(entry: GuestAddress)
  /// Protected mode without paging, EBX = hvm_start_info (Xen PVH boot ABI).
  case pvh(entry: GuestAddress)
  /// Protected mode without paging, EBX = Multiboot information (Multiboot Specification 0.6.96, section 3.2).
  case multiboot(entry: GuestAddress)
  /// Real mode at 0000:7c00, as a BIOS enters a boot sector.
  case realMode
}
