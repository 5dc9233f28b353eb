import Devices
import Glibc
import Hypervisor
import SystemPackage
import TestSupport

/// A machine with all its chips, made as swiftvm makes it, that boots a flat image from memory.
enum WholeMachine {
  /// Runs the guest until it ends.
  static func run(_ guest: Guest, console: RecordingSink = RecordingSink()) throws -> MachineEnding {
    let kvm = try HostKVM.open()
    let cpuid = try kvm.supportedCPUID()
    var spec = MachineSpec()
    spec.memory = 16 << 20
    let validated = try spec.validated(on: HostLimits(of: kvm, cpuid: cpuid))
    let parts = try MachineParts(.flat(ImageFile(file(guest.bytes), name: "guest")))
    let machine = try MachineBuilder(validated, parts: parts, kvm: kvm, cpuid: cpuid).build(serial: console)

    let loop = try EventLoop()
    // For a guest that hangs; far beyond what one needs.
    let limit = try Timer()
    limit.arm(nanoseconds: 600 * 1_000_000_000)
    let watch = try loop.watch(limit.number) { machine.stop() }
    defer { loop.cancel(watch) }
    return try machine.run(on: loop)
  }

  /// A nameless file with `bytes` in it.
  private static func file(_ bytes: [UInt8]) throws -> OwnedDescriptor {
    let path = "/dev/shm/swiftvm-test-\(UInt64.random(in: 0...(.max)))"
    let file = try FileDescriptor.open(
      FilePath(path), .readWrite, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
    // unlink copies the path before it returns.
    _ = unsafe unlink(path)
    try file.writeAll(bytes)
    return OwnedDescriptor(takingOver: file.rawValue)
  }
}
