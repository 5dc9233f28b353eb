public import Devices

/// What a machine stands on: files and back ends, opened by somebody else, under the keys of `MachineSpec`. Machines use
/// them one after the other, as a guest reboots.
public struct MachineParts: Sendable {
  /// What is started.
  public enum Image: Sendable {
    /// A kernel recognised by content, and an initial RAM disk for it.
    case kernel(ImageFile, initrd: ImageFile?)
    /// Raw bytes entered in real mode.
    case flat(ImageFile)
  }

  /// What a disk stands on.
  public struct Disk: Sendable {
    public let backend: any Devices.Disk
    /// Tells what becomes of its requests.
    public let monitor: DiskMonitor

    public init(_ backend: any Devices.Disk, monitor: DiskMonitor) {
      (self.backend, self.monitor) = (backend, monitor)
    }
  }

  public var image: Image
  public var disks: [String: Disk] = [:]
  public var cards: [String: NetBackend] = [:]
  /// What the guest finds in the firmware configuration device.
  public var firmwareFiles: [FirmwareConfiguration.File] = []

  public init(_ image: Image) {
    self.image = image
  }
}
