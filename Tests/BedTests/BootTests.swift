internal import ProcessSupport
internal import Testing

extension StockKernels {
  @Suite struct Boot {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    struct Shape: Sendable, CustomTestStringConvertible {
      let kernel: Guest.Kernel
      let cpus: Int
      let mebibytes: Int

      var testDescription: String { "\(kernel), \(cpus) vCPU(s), \(mebibytes) MiB" }
    }

    /// Each number of vCPUs and each size with both kernels. 6 GiB is more than L1 has, which is warned of.
    static let shapes = [
      Shape(kernel: .cloud, cpus: 1, mebibytes: 256),
      Shape(kernel: .cloud, cpus: 2, mebibytes: 6144),
      Shape(kernel: .generic, cpus: 1, mebibytes: 6144),
      Shape(kernel: .generic, cpus: 2, mebibytes: 1024),
    ]
    static let manyProcessors = [
      Shape(kernel: .cloud, cpus: 4, mebibytes: 1024),
      Shape(kernel: .generic, cpus: 4, mebibytes: 256),
    ]

    @Test(arguments: shapes)
    func `a bzImage reaches user space with the processors and the memory asked for`(_ shape: Shape)
      async throws
    {
      try await boot(shape)
    }

    @Test(.manyProcessors, arguments: manyProcessors)
    func `a bzImage reaches user space with more processors than the host has`(_ shape: Shape) async throws {
      try await boot(shape)
    }

    private func boot(_ shape: Shape) async throws {
      let guest = Guest(
        kernel: shape.kernel.bzImage, options: "-c \(shape.cpus) -m \(shape.mebibytes)M --on-reboot exit",
        arguments: "quiet swiftvm.do=poweroff")
      let outcome = try await l1.run(guest.boot, mayHang: shape.cpus > 2)
      #expect(outcome.status == 0, outcome.comment)
      let warnings = outcome.error.split(separator: "\n")
      #expect(warnings.count == (shape.mebibytes > 4096 ? 1 : 0), outcome.comment)
      #expect(warnings.allSatisfy { $0.contains("and this host has") }, outcome.comment)
      let arrival = try #require(outcome.arrivals.first, outcome.comment)
      #expect(outcome.arrivals.count == 1)
      #expect(arrival.cpus == shape.cpus)
      // The kernel keeps its image and a few per cent of all memory to itself.
      let size = shape.mebibytes * 1024
      #expect((size * 96 / 100 - 65536...size).contains(arrival.memory))
    }

    @Test(arguments: Guest.Kernel.allCases)
    func `a vmlinux is entered by its PVH note`(_ kernel: Guest.Kernel) async throws {
      let guest = Guest(
        kernel: kernel.vmlinux, options: "--verbose", arguments: "quiet swiftvm.do=poweroff")
      let outcome = try await l1.run(guest.boot)
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.arrivals.count == 1)
      #expect(outcome.reported("kernel: ELF x86-64, PVH entry"), outcome.comment)
    }

    @Test func `a vmlinux without a PVH note is entered by the 64-bit protocol`() async throws {
      let strip = ". Tests/Bed/lib.sh; objcopy --remove-section .notes \"$bed\"/kernels/cloud/vmlinux \"$0\""
      let stripped = try await Program.run("bash", ["-c", strip, "\(try await l1.share())/vmlinux"])
      try #require(stripped.status == 0, Comment(rawValue: stripped.error))
      let guest = Guest(
        kernel: "/share/vmlinux", options: "--verbose", arguments: "quiet swiftvm.do=poweroff")
      let outcome = try await l1.run(guest.boot)
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.arrivals.count == 1)
      #expect(outcome.reported("kernel: ELF x86-64, 64-bit entry"), outcome.comment)
    }

    @Test func `an initrd made by dracut reaches its systemd and powers off`() async throws {
      let guest = Guest(
        kernel: Guest.Kernel.generic.bzImage, initrd: "/bed/guests/dracut.img",
        arguments:
          "quiet systemd.show_status=1 systemd.log_color=0 rd.systemd.unit=poweroff.target")
      let outcome = try await l1.run(guest.boot)
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.said("Welcome to "), outcome.comment)
      #expect(outcome.said("(Initramfs)"))
    }
  }
}
