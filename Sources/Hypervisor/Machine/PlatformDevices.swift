internal import Devices
internal import SystemPackage

/// The chips that every machine has, wired to their interrupt lines.
final class PlatformDevices {
  let power: PowerControl
  let serialPort: SerialPort
  let realTimeClock: RealTimeClock
  let keyboardController: KeyboardController
  let acpiPower: ACPIPower
  let firmware: FirmwareConfiguration
  let hostBridge: HostBridge

  private let serialLine: InterruptLine
  private let clockLine: InterruptLine
  private let keyboardLine: InterruptLine
  private let sciLine: InterruptLine
  private let alarm: Timer

  init(
    sink: any SerialSink, memoryMap: MemoryMap, firmware: FirmwareConfiguration, hostBridge: HostBridge,
    trace: Trace? = nil
  ) throws(MachineError) {
    func line(_ device: String, _ gsi: UInt32) throws(Errno) -> InterruptLine {
      try InterruptLine(trace: trace?.writer("chips", device: device, number: gsi) ?? TraceWriter())
    }
    do throws(Errno) {
      power = try PowerControl()
      alarm = try Timer()
      serialLine = try line("COM1", Layout.IRQ.com1)
      clockLine = try line("CMOS RTC", Layout.IRQ.rtc)
      keyboardLine = try line("i8042", Layout.IRQ.keyboard)
      sciLine = try line("ACPI", Layout.IRQ.sci)
      serialPort = try SerialPort(interrupt: serialLine, sink: sink)
      realTimeClock = try RealTimeClock(
        interrupt: clockLine, clock: HostClock(), memory: CMOS.MemorySize(memoryMap))
    } catch {
      throw .host("the machine's event descriptors", error)
    }
    keyboardController = KeyboardController(interrupt: keyboardLine, power: power)
    acpiPower = ACPIPower(interrupt: sciLine, power: power)
    self.firmware = firmware
    self.hostBridge = hostBridge
  }

  /// The interrupt lines and the GSIs they end in.
  var lines: [(line: InterruptLine, gsi: UInt32)] {
    [
      (keyboardLine, Layout.IRQ.keyboard), (serialLine, Layout.IRQ.com1), (clockLine, Layout.IRQ.rtc),
      (sciLine, Layout.IRQ.sci),
    ]
  }

  /// Maps what is on the bus of I/O ports.
  func map(intoPorts ports: inout AddressSpaceBuilder) throws(AddressConflict) {
    try ports.map(serialPort, name: "COM1", base: Layout.Port.com1, size: 8)
    try ports.map(realTimeClock, name: "CMOS RTC", base: Layout.Port.cmos, size: 2)
    try ports.map(keyboardController.dataPort, name: "i8042 data", base: Layout.Port.i8042Data, size: 1)
    try ports.map(
      keyboardController.commandPort, name: "i8042 command", base: Layout.Port.i8042Command, size: 1)
    try ports.map(PanicPort(power: power), name: "pvpanic", base: Layout.Port.panic, size: 1)
    try ports.map(
      firmware, name: "fw_cfg", base: Layout.Port.firmwareConfiguration, size: FirmwareConfiguration.size)
    try ports.map(acpiPower, name: "ACPI PM1", base: Layout.Port.acpiPM1, size: 6)
    try ports.map(
      ConfigurationPorts(hostBridge, power: power), name: "PCI configuration",
      base: Layout.Port.pciConfiguration, size: 8)
  }

  /// Adds the port that ends the machine, after everything else.
  func mapDebugPort(at port: UInt16, into ports: inout AddressSpaceBuilder) throws(MachineError) {
    let range = GuestRange(base: GuestAddress(UInt64(port)), size: DebugPort.size)
    guard range.last.value <= UInt16.max else { throw .debugPort(port, taken: nil) }
    // These never reach the bus: KVM answers them itself.
    if let chip = Layout.Port.kernelChips.first(where: { $0.range.overlaps(range) }) {
      throw .debugPort(port, taken: chip.name)
    }
    do throws(AddressConflict) {
      try ports.map(
        DebugPort(power: power), name: "debug exit", base: range.base.value, size: range.size)
    } catch {
      throw .debugPort(port, taken: error.other)
    }
  }

  /// Maps what is on the bus of memory addresses.
  func map(into memory: inout AddressSpaceBuilder) throws(AddressConflict) {
    try memory.map(
      ECAMWindow(hostBridge), name: "PCI ECAM", base: Layout.ecam.base.value, size: Layout.ecam.size)
  }

  /// Drives the real-time clock's alarm from `loop`.
  func watchClock(on loop: EventLoop) throws(Errno) -> [EventLoop.Watch] {
    let changed = try loop.watch(realTimeClock.deadlineChanged.number) { [self] in
      realTimeClock.deadlineChanged.take()
      armAlarm()
    }
    do throws(Errno) {
      let fired = try loop.watch(alarm.number) { [self] in
        alarm.take()
        realTimeClock.timerFired()
        armAlarm()
      }
      armAlarm()
      return [changed, fired]
    } catch {
      loop.cancel(changed)
      throw error
    }
  }

  private func armAlarm() {
    alarm.arm(nanoseconds: realTimeClock.nextDeadline() ?? 0)
  }
}

extension CMOS.MemorySize {
  init(_ map: MemoryMap) {
    let above = map.ram.dropFirst().reduce(0) { $0 + $1.size }
    self.init(below4GiB: map.ram.reduce(0) { $0 + $1.size } - above, above4GiB: above)
  }
}
