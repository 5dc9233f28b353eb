internal import Devices
internal import Hypervisor

/// What an exit costs once KVM_RUN has returned it: the look-up on the bus and the call into the device,
/// on buses as full as a machine's.
///
/// Prints a line for each kind of access: nanoseconds, and what was accessed. With the argument "queue" it
/// measures a virtqueue instead, with "disk" and a file, which it reads, a disk.
@main
enum Dispatch {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "queue" { return try measureQueue() }
    if arguments.first == "disk", let path = arguments.last { return try measureDisk(path) }
    let buses = try Buses()
    let interruptLine = Layout.ecam.base.value + 0x3C
    let scratch = Layout.Port.com1 + 7
    measure("an unclaimed port, read") { _ in buses.ports.read(0x80, width: 1) }
    measure("COM1's scratch register, read") { _ in buses.ports.read(scratch, width: 1) }
    measure("COM1's scratch register, written") {
      buses.ports.write($0, to: scratch, width: 1)
      return $0
    }
    measure("00:00.0's interrupt line in the ECAM window, read") { _ in
      buses.memory.read(interruptLine, width: 1)
    }
    measure("00:00.0's interrupt line in the ECAM window, written") {
      buses.memory.write($0, to: interruptLine, width: 1)
      return $0
    }
  }

  /// Chains of a driver that always has more, a queueful between two looks of it at the used ring.
  private static func measureQueue() throws {
    let clock = HostClock()
    for (chain, name) in [
      (QueueDriver.Chain.direct, "three descriptors"), (.indirect, "an indirect table of three"),
    ] {
      var rounds = try QueueRounds.make(chain)
      var best = UInt64.max
      for _ in 0..<50 {
        var count: UInt64 = 0
        let start = clock.monotonicNanoseconds
        for _ in 0..<500 { count += UInt64(try rounds.run()) }
        best = min(best, (clock.monotonicNanoseconds - start) * 10 / max(count, 1))
      }
      print("\(best / 10).\(best % 10) \(name), pop and push")
    }
  }

  /// A driver that has 32 requests at a time, for as many pages of a file.
  private static func measureDisk(_ path: String) throws {
    let clock = HostClock()
    let disk = try RingDisk(ThreadedDisk(OwnedDescriptor.open(path, 0), isReadOnly: true))
    let rounds = try BlockRounds(disk)
    try rounds.run(100)
    var best = UInt64.max
    for _ in 0..<20 {
      let start = clock.monotonicNanoseconds
      try rounds.run(1000)
      best = min(best, clock.monotonicNanoseconds - start)
    }
    print("\(best / 32_000) a read of 4 KiB from the page cache, 32 at a time")
  }

  /// The least of several rounds: nothing makes code faster than it is, and other processes make it slower.
  private static func measure(_ name: String, _ access: (UInt64) -> UInt64) {
    let clock = HostClock()
    let rounds = 20
    let accesses: UInt64 = 200_000
    var best = UInt64.max
    // Each access depends on the one before, so none can be left out.
    var value: UInt64 = 1
    for _ in 0..<rounds {
      let start = clock.monotonicNanoseconds
      for _ in 0..<accesses { value = access(value) & 0xFF }
      best = min(best, clock.monotonicNanoseconds - start)
    }
    let tenths = best * 10 / accesses
    print("\(tenths / 10).\(tenths % 10) \(name)")
    precondition(value <= 0xFF)
  }
}

/// The buses of a machine without PCI devices.
private struct Buses {
  let ports: AddressSpace
  let memory: AddressSpace

  private final class Silence: SerialSink {
    func accept(_ byte: UInt8) -> Bool { true }
  }

  init() throws {
    let power = try PowerControl()
    let keyboard = KeyboardController(interrupt: try InterruptLine(), power: power)
    let bridge = try HostBridge()
    var ports = AddressSpaceBuilder()
    let com1 = try SerialPort(interrupt: try InterruptLine(), sink: Silence())
    try ports.map(com1, name: "COM1", base: Layout.Port.com1, size: 8)
    let clock = try RealTimeClock(
      interrupt: try InterruptLine(), clock: HostClock(),
      memory: CMOS.MemorySize(below4GiB: 1 << 27, above4GiB: 0))
    try ports.map(clock, name: "CMOS RTC", base: Layout.Port.cmos, size: 2)
    try ports.map(keyboard.dataPort, name: "i8042 data", base: Layout.Port.i8042Data, size: 1)
    try ports.map(keyboard.commandPort, name: "i8042 command", base: Layout.Port.i8042Command, size: 1)
    let acpi = ACPIPower(interrupt: try InterruptLine(), power: power)
    try ports.map(acpi, name: "ACPI PM1", base: Layout.Port.acpiPM1, size: 6)
    try ports.map(
      ConfigurationPorts(bridge, power: power), name: "PCI configuration",
      base: Layout.Port.pciConfiguration, size: 8)
    self.ports = ports.seal()
    var memory = AddressSpaceBuilder()
    try memory.map(
      ECAMWindow(bridge), name: "PCI ECAM", base: Layout.ecam.base.value, size: Layout.ecam.size)
    self.memory = memory.seal()
  }
}
