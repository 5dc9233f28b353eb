internal import CLinux
public import SystemPackage

/// The host kernel's own worker for a pair of network queues (vhost-net).
public final class VhostNet: Sendable {
  private let descriptor: OwnedDescriptor
  private let features: VirtioFeatures

  public static let devicePath = "/dev/vhost-net"

  /// Opens a worker, which belongs to this process.
  public init() throws(Errno) {
    descriptor = try .open(Self.devicePath, O_RDWR)
    try Self.check(clinux_vhost_set_owner(descriptor.number))
    var features: UInt64 = 0
    // The variable is ours and outlives the call.
    try Self.check(unsafe clinux_vhost_get_features(descriptor.number, &features))
    self.features = VirtioFeatures(rawValue: features)
  }

  private static func check(_ result: Int32) throws(Errno) {
    if result < 0 { throw Errno(rawValue: -result) }
  }

  /// Bits that change what is in the rings or before a frame.
  private static let concerning: VirtioFeatures = [
    .version1, .eventIndex, .indirectDescriptors, .netMergeableBuffers,
  ]

  /// Tells the worker what was negotiated and where guest memory is, which must stay mapped until both
  /// rings have stopped.
  ///
  /// - Throws: ENOTSUP where the worker lacks a feature.
  func prepare(_ negotiated: VirtioFeatures, memory: GuestMemory) throws(Errno) {
    let wanted = negotiated.intersection(Self.concerning)
    guard features.isSuperset(of: wanted) else { throw .notSupported }
    try Self.check(clinux_vhost_set_features(descriptor.number, wanted.rawValue))
    // The pointers are only named here.
    let regions = unsafe memory.regions.map { region in
      unsafe clinux_vhost_region(
        guest: region.range.base.value, size: region.range.size, host: region.hostBase)
    }
    // The array is as long as told.
    try Self.check(unsafe clinux_vhost_set_memory(descriptor.number, regions, regions.count))
  }

  /// Lets the worker serve ring 0 (receive) or 1 (transmit).
  ///
  /// - Parameter failed: signalled when the driver broke the ring's rules.
  func start(
    _ index: Int, _ configuration: QueueConfiguration, memory: GuestMemory, kick: borrowing EventDescriptor,
    call: borrowing EventDescriptor, failed: borrowing EventDescriptor, tap: TapQueue
  ) throws(Errno) {
    let size = configuration.size
    guard
      let descriptors = unsafe memory.hostPointer(
        at: GuestAddress(configuration.descriptorTable), size: SplitRing.descriptorTableSize(size)),
      let available = unsafe memory.hostPointer(
        at: GuestAddress(configuration.availableRing), size: SplitRing.availableSize(size)),
      let used = unsafe memory.hostPointer(
        at: GuestAddress(configuration.usedRing), size: SplitRing.usedSize(size))
    else { throw .badAddress }
    var ring = unsafe clinux_vhost_ring(
      size: UInt32(size), base: UInt32(configuration.start), descriptors: descriptors, available: available,
      used: used,
      kick: kick.number, call: call.number, error: failed.number)
    // The rings lie in guest memory as checked above; the structure outlives the call.
    try Self.check(unsafe clinux_vhost_set_ring(descriptor.number, UInt32(index), &ring))
    try Self.check(
      clinux_vhost_set_backend(descriptor.number, UInt32(index), tap.descriptor.number))
  }

  /// Stops a ring; when this returns, the worker touches no buffer of it any more.
  func stop(_ index: Int) {
    _ = clinux_vhost_set_backend(descriptor.number, UInt32(index), -1)
  }
}
