import Hypervisor
import Testing

@testable import swiftvm

struct ExaminationTests {
  @Test func `a host is able until there is a problem`() {
    let able = Examination(findings: [.ok("a", "fine"), .warning("b", "slow", remedy: "wait")])
    #expect(able.isAble)
    #expect(!Examination(findings: able.findings + [.problem("c", "bad", remedy: "mend")]).isAble)
  }

  @Test func `a CPU without VMX and SVM is a problem with a way out`() {
    #expect(Examination.virtualisation(Virtualisation(cpu: .vmx, modules: ["kvm_intel"])).status == .ok)
    let finding = Examination.virtualisation(Virtualisation(cpu: nil, modules: ["kvm_pvm"]))
    #expect(finding.status == .problem)
    #expect(finding.detail.contains("kvm_pvm"))
    #expect(finding.remedy?.contains("vmx or svm") == true)
  }

  @Test(arguments: [
    (MicroarchitectureLevel.v1, Finding.Status.warning, "CentOS Stream 8"), (.v2, .warning, "8 and 9"),
    (.v3, .ok, "8, 9 and 10"), (.v4, .ok, "8, 9 and 10"),
  ])
  func `the guest's CPU level tells which CentOS Stream runs`(
    level: MicroarchitectureLevel, status: Finding.Status, runs: String
  ) {
    let finding = Examination.guestCPU(level)
    #expect(finding.status == status)
    #expect(finding.detail.contains("x86-64-v\(level.rawValue)"))
    #expect(finding.detail.hasSuffix(runs))
    #expect((finding.remedy == nil) == (status == .ok))
  }

  @Test(
    arguments: [
      ("[always] madvise never\n", Finding.Status.ok), ("always [madvise] never\n", .ok),
      ("always madvise [never]\n", .warning), ("always madvise never\n", .warning), ("", .warning),
      (nil, .warning),
    ] as [(String?, Finding.Status)])
  func `huge pages are the kernel's choice in brackets`(setting: String?, status: Finding.Status) {
    #expect(Examination.hugePages(setting).status == status)
  }

  @Test func `the text has a line for each finding and one for the remedy, and a verdict`() {
    let examination = Examination(findings: [
      .ok("one", "fine"), .problem("a longer name", "bad", remedy: "mend it"),
    ])
    #expect(
      DoctorCommand.text(examination) == """
        ok       one            fine
        problem  a longer name  bad
                                -> mend it
        Stock kernels cannot be booted here.
        """)
  }
}
