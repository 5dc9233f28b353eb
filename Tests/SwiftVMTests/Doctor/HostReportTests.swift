import ProcessSupport
import Testing

@testable import swiftvm

struct HostReportTests {
  private func report(flags: String, capabilities: [(name: String, extent: Int)]? = nil) -> HostReport {
    HostReport(
      release: "6.1.0-56-amd64",
      cpuinfo: """
        processor\t: 0
        vendor_id\t: GenuineIntel
        cpu family\t: 6
        model\t\t: 85
        model name\t: Some CPU: a fast one
        stepping\t: 7
        flags\t\t: fpu \(flags) sse
        vmx flags\t: vnmi ept

        processor\t: 1
        vendor_id\t: Other
        """,
      meminfo: "MemTotal:        4028252 kB\nMemFree:  1 kB\nMemAvailable:    2097152 kB\n",
      modules: [
        .init(name: "kvm_intel", parameters: ["ept=Y", "nested=1"]), .init(name: "kvm", parameters: []),
      ],
      virtualisation: Virtualisation(cpuinfo: "flags : \(flags)", modules: ["kvm_intel"]),
      capabilities: capabilities,
      findings: [
        .ok("io_uring", "available"), .ok("passt", "/home/jane/bin/passt, is a guest's network"),
        .warning("nft", "there is no program nft", remedy: "install it"),
      ])
  }

  @Test func `a report has what matters, a line for each`() {
    let text = report(flags: "vmx ept", capabilities: [("KVM_CAP_IRQCHIP", 1), ("KVM_CAP_XSAVE", 0)]).text
    #expect(
      text == """
        swiftvm \(Version.text), Linux 6.1.0-56-amd64
        CPU: GenuineIntel, family 6, model 85, stepping 7, Some CPU: a fast one
        CPUs: 2
        CPU flags: vmx ept
        VMX flags: vnmi ept
        this host: no virtual machine that says so
        kernel code: runs on the CPU
        module kvm_intel: ept=Y nested=1
        KVM: KVM_CAP_IRQCHIP=1 KVM_CAP_XSAVE=0
        memory: 3933 MiB, 2048 MiB of it available
        ok, io_uring: available
        ok, passt: found
        warning, nft: not found
        """)
  }

  @Test func `a nested host, and one that emulates, are told apart`() {
    let nested = report(flags: "hypervisor vmx").text
    #expect(
      nested.contains("this host: a virtual machine") && nested.contains("kernel code: runs on the CPU"))
    let emulating = report(flags: "hypervisor").text
    #expect(emulating.contains("this host: a virtual machine"))
    #expect(emulating.contains("kernel code: is emulated by KVM") && !emulating.contains("KVM:"))
  }
}

@Suite(.program) struct HostReportProcessTests {
  @Test func `doctor --report tells what doctor found, and ends as it does`() async throws {
    let report = try await SwiftVMProgram.run(["doctor", "--report"])
    let doctor = try await SwiftVMProgram.run(["doctor"])
    #expect(report.status == doctor.status && report.error == "")
    let release = try await SwiftVMProgram.shell("uname -r").output
    #expect(report.output.hasPrefix("swiftvm \(Version.text), Linux \(release)"))
    for name in ["CPU: ", "CPUs: ", "this host: ", "kernel code: ", "memory: ", ", io_uring: ", ", passt: "] {
      #expect(report.output.contains(name), "\(report.output)")
    }
    if MachineTests.hasKVM { #expect(report.output.contains(" KVM_CAP_SYNC_REGS=")) }
    expectFailure(
      try await SwiftVMProgram.run(["doctor", "--report", "--json"]), status: 2,
      error: "both --report and --json",
      hint: "one of the two")
  }

  @Test(.mountNamespace) func `a report tells nothing of who runs it, and where`() async throws {
    let scratch = try Scratch()
    let outcome = try await SwiftVMProgram.shell(
      """
      mkdir \(scratch("janedoe")); printf '#!/bin/sh\\n' > \(scratch("janedoe"))/passt; chmod +x \(scratch("janedoe"))/passt
      export vm HOME=/home/janedoe USER=janedoe LOGNAME=janedoe PATH=\(scratch("janedoe")):$PATH
      cd \(scratch("janedoe")); exec unshare -ru bash -c 'hostname zanzibar && $vm doctor --report'
      """)
    #expect(outcome.error == "")
    let text = outcome.output
    #expect(text.contains("ok, passt: found"), "\(text)")
    for secret in ["janedoe", "zanzibar", "/home", scratch.path] {
      #expect(!text.contains(secret), "\(text)")
    }
    let machine = try await SwiftVMProgram.shell("grep . /etc/machine-id || echo no-machine-id").output
    #expect(!text.contains(machine.prefix { $0 != "\n" }))
    // The kernel's release may look like an address.
    let rest = text.drop { $0 != "\n" }
    #expect(!rest.contains(/\d+\.\d+\.\d+\.\d+/) && !rest.contains(/[0-9a-f]{2}(:[0-9a-f]{2}){5}/), "\(text)")
  }
}
