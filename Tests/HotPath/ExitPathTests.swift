internal import ProcessSupport
internal import Testing

/// Disassembles the release build: what a vCPU's thread goes through at every exit must not count
/// references, allocate, check exclusivity or ask for metadata. All of these are calls into Swift's
/// runtime, and so is whatever else it could do; so the list is of what may be called.
@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: ReleaseBuild.isThere, "needs `make release`"))
struct ExitPathTests {
  /// C functions that the exit path may call.
  static let allowed: Set<String> = [
    // KVM_RUN, and its errno.
    "ioctl", "__errno_location",
    // The signal of an eventfd: an interrupt line, or the end of the machine. The shim may stand alone.
    "write", "clinux_eventfd_signal",
    // gettid, for the owner of a Mutex.
    "syscall", "_swift_stdlib_gettid",
    // Once, where a vCPU's thread begins.
    "pthread_self", "clinux_unblock_kick",
    // Computes an address.
    "__swift_project_boxed_opaque_existential_1",
  ]

  /// What is reached from the exit path, but not at every exit.
  static let coldPaths: [CallWalk.ColdPath] = [
    .init(name: "VCPULoop.(answerRequests in", reason: "another thread asked for something"),
    .init(name: "VCPULoop.(unhandled in", reason: "the last exit of a guest that crashed"),
    .init(name: "VCPULoop.(tripleFault in", reason: "the last exit of a guest that reset itself"),
    .init(name: "_MutexHandle._lockSlow(", reason: "waits in the kernel for another thread"),
    .init(name: "_MutexHandle._unlockSlow(", reason: "wakes a thread that waits in the kernel"),
  ]

  /// Bus devices that are not on the path: a guest looks at configuration space and at the firmware's configuration
  /// when it looks for devices, and at a device's registers when it sets it up. A request rings a doorbell that KVM
  /// answers, and its interrupt is KVM's too.
  static let coldDevices = [
    "Devices.ConfigurationPorts", "Devices.ECAMWindow", "Devices.MemoryWindow",
    "Devices.FirmwareConfiguration",
  ]

  /// The loop of a vCPU. The buses' look-up and the dispatcher are part of it or called by it.
  private func loop() async throws -> [String] {
    try await ReleaseBuild.symbols("Hypervisor") { $0.hasPrefix("Hypervisor.VCPULoop.run() -> ") }
  }

  /// Where the bus's indirect calls go.
  private func devices() async throws -> [String] {
    try await ReleaseBuild.symbols("Devices") { name in
      name.hasPrefix("Devices.DevicePort.read(at: ") || name.hasPrefix("Devices.DevicePort.write(_: ")
        || name.hasPrefix("protocol witness for Devices.SerialSink.accept(")
        || (name.hasPrefix("protocol witness for Devices.BusDevice.")
          && !Self.coldDevices.contains { name.contains("in conformance \($0) ") })
    }
  }

  @Test func `the exit path calls nothing of Swift's runtime`() async throws {
    let (loop, devices) = (try await loop(), try await devices())
    #expect(loop.count == 1)
    // The port, reading and writing; the same of serial port, clock, both of the keyboard controller's
    // and ACPI; the debug port; the console.
    #expect(devices.count >= 2 + 6 * 2 + 1)
    let walk = try await CallWalk(from: loop + devices, notInto: Self.coldPaths)
    walk.expectOnly(Self.allowed, coldPaths: Self.coldPaths)
    // It was the right function, and it was read to the end.
    #expect(walk.leaves.contains("ioctl"))
    // Through the loop that traces as well.
    #expect(walk.meanings.values.contains { $0.hasPrefix("Devices.TraceWriter.exit(") })
    #expect(walk.hasIndirectCalls)
  }

  @Test(arguments: ["Hypervisor.CPUReport.init(", "VCPULoop.(answerRequests in"])
  func `the check finds what counts references and allocates`(_ name: String) async throws {
    let roots = try await ReleaseBuild.symbols("Hypervisor") { $0.contains(name) }
    try #require(!roots.isEmpty)
    let walk = try await CallWalk(from: roots)
    #expect(walk.leaves.isSuperset(of: ["swift_release", "swift_allocObject"]))
  }
}
