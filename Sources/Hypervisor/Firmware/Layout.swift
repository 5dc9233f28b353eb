public import Devices

/// Every guest address and port that the machine fixes.
///
///     0000_0400  BIOS data area
///     0000_0500  GDT of the boot CPU                          (boot only)
///     0000_6000  PVH start info or Multiboot information      (boot only)
///     0000_7000  boot_params, the "zero page"                 (boot only)
///     0000_7c00  flat images
///     0000_9000  page tables of the 64-bit entry, 6 pages     (boot only)
///     0002_0000  command line                                 (boot only)
///     0009_fc00  extended BIOS data area (EBDA), reserved
///     000a_0000  legacy video, no RAM
///     000e_0000  ACPI tables, reserved
///     0010_0000  RAM
///     c000_0000  PCI memory window (32-bit BARs)
///     e000_0000  PCI ECAM of bus 0
///     fec0_0000  I/O APIC
///     fee0_0000  local APICs
///     feff_c000  KVM: identity map page and TSS (Intel hosts, before EPT unrestricted guest)
///   1_0000_0000  RAM past the PCI hole, then the 64-bit PCI window
///
/// What is for the boot only gives way to the image (`BootPlaces`), and the BIOS data area is overwritten by it.
public enum Layout {
  public static let biosDataArea: GuestAddress = 0x400
  public static let gdt: GuestAddress = 0x500
  public static let startInfo: GuestAddress = 0x6000
  public static let bootParameters: GuestAddress = 0x7000
  public static let flatImage: GuestAddress = 0x7C00
  public static let bootStack: GuestAddress = 0x8FF0
  public static let pageTables: GuestAddress = 0x9000
  public static let commandLine: GuestAddress = 0x2_0000
  /// Bytes that a command line may take here, its NUL included; a kernel's own limit is lower.
  public static let commandLineCapacity = 0x1_0000
  public static let ebda: GuestAddress = 0x9_FC00
  public static let legacyVideo: GuestAddress = 0xA_0000
  public static let acpiTables: GuestAddress = 0xE_0000
  public static let acpiCapacity: UInt64 = 0x2_0000
  public static let highMemory: GuestAddress = 0x10_0000

  /// Where low RAM must end.
  public static let pciHole: GuestAddress = 0xC000_0000
  public static let pciWindow = GuestRange(base: 0xC000_0000, size: 0x2000_0000)
  public static let ecam = GuestRange(base: 0xE000_0000, size: 0x10_0000)
  /// What `ecam` has room for. There are no bridges, and Linux asks every bus that is promised here for 32
  /// devices: 256 buses would cost 16384 exits at each boot.
  public static let pciBuses: ClosedRange<UInt16> = 0...0
  public static let ioapic: GuestAddress = 0xFEC0_0000
  public static let ioapicID: UInt8 = 0
  public static let localAPIC: GuestAddress = 0xFEE0_0000
  public static let identityMapPage: GuestAddress = 0xFEFF_C000
  public static let taskStateSegment: GuestAddress = 0xFEFF_D000
  public static let above4GiB: GuestAddress = 0x1_0000_0000

  public enum Port {
    public static let i8042Data: UInt64 = 0x60
    public static let i8042Command: UInt64 = 0x64
    public static let cmos: UInt64 = 0x70
    public static let com1: UInt64 = 0x3F8
    /// Where QEMU has it.
    public static let panic: UInt64 = 0x505
    /// Selector and data register of QEMU's fw_cfg.
    public static let firmwareConfiguration: UInt64 = 0x510
    /// PM1a event block (4 bytes), then PM1a control block (2 bytes).
    public static let acpiPM1: UInt64 = 0x600
    /// CONFIG_ADDRESS and CONFIG_DATA, with the reset control register at 0xCF9 between them.
    public static let pciConfiguration: UInt64 = 0xCF8
    public static let resetControl: UInt64 = 0xCF9

    /// What KVM's own chips answer: both PICs, the PIT, port B, and the PICs' edge and level control.
    static let kernelChips: [(name: String, range: GuestRange)] = [
      ("PIC", GuestRange(base: 0x20, size: 2)), ("PIT", GuestRange(base: 0x40, size: 4)),
      ("port B", GuestRange(base: 0x61, size: 1)), ("PIC", GuestRange(base: 0xA0, size: 2)),
      ("PIC control", GuestRange(base: 0x4D0, size: 2)),
    ]
  }

  /// ISA interrupt numbers, which are also I/O APIC pins (GSIs), but for the PIT's.
  public enum IRQ {
    public static let keyboard: UInt32 = 1
    public static let com1: UInt32 = 4
    public static let rtc: UInt32 = 8
    public static let sci: UInt32 = 9
    /// The PIT's pin; its ISA number is 0.
    public static let pit: UInt32 = 2

    /// The pin that an interrupt of a PCI device (0 to 31) is wired to: one of 16 to 23.
    ///
    /// Each device begins one pin further than the one before it, as most use INTA only.
    public static func pci(device: UInt8, pin: InterruptPin) -> UInt32 {
      16 + (UInt32(device) + UInt32(pin.rawValue) - 1) % 8
    }
  }

  /// SLP_TYP of soft off: what a guest writes with SLP_EN to PM1 control to power off.
  public static let s5SleepType: UInt8 = 5
}
