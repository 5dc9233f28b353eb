import Testing

@testable import swiftvm

struct VirtualisationTests {
  private func cpuinfo(_ flags: String) -> String {
    """
    processor\t: 0
    model name\t: Some CPU with svm and vmx in its name
    flags\t\t: \(flags)
    vmx flags\t: vnmi

    processor\t: 1
    flags\t\t: fpu vmx svm
    """
  }

  @Test(arguments: [
    ("fpu vmx sse", Virtualisation.Extension.vmx), ("fpu svm sse", .svm), ("fpu sse", nil), ("", nil),
    ("fpu svm_lock vmxoff", nil),
  ])
  func `the extension is a flag of the first CPU, not a part of another word`(
    flags: String, found: Virtualisation.Extension?
  ) {
    #expect(Virtualisation(cpuinfo: cpuinfo(flags), modules: []).cpu == found)
  }

  @Test func `no cpuinfo is no extension`() {
    #expect(Virtualisation(cpuinfo: "", modules: []).cpu == nil)
  }

  @Test func `kernels run natively where there is an extension, whatever the modules`() {
    #expect(Virtualisation(cpu: .vmx, modules: []).runsKernelsNatively)
    #expect(!Virtualisation(cpu: nil, modules: ["kvm_pvm"]).runsKernelsNatively)
  }

  @Test func `the description has CPU and modules`() {
    #expect(Virtualisation(cpu: .svm, modules: ["kvm_amd"]).description == "SVM (AMD), kvm_amd")
    #expect(Virtualisation(cpu: nil, modules: []).description == "neither VMX nor SVM, no KVM module seen")
  }
}
