/// How this host's KVM runs guest kernels.
struct Virtualisation: Equatable {
  enum Extension: String {
    case vmx = "VMX (Intel)"
    case svm = "SVM (AMD)"
  }

  /// The CPU's virtualisation extension, as /proc/cpuinfo shows it.
  let cpu: Extension?
  /// The KVM modules in this kernel, loaded or built in.
  let modules: [String]

  /// Whether a guest's kernel code runs on the CPU itself. Without VMX and SVM, KVM emulates it
  /// instruction by instruction, as far as it knows the instruction.
  var runsKernelsNatively: Bool { cpu != nil }

  var description: String {
    let flavour = modules.isEmpty ? "no KVM module seen" : modules.joined(separator: ", ")
    return "\(cpu.map(\.rawValue) ?? "neither VMX nor SVM"), \(flavour)"
  }
}

extension Virtualisation {
  static func detect() -> Virtualisation {
    Virtualisation(
      cpuinfo: SystemFile.text("/proc/cpuinfo") ?? "",
      modules: ["kvm_intel", "kvm_amd", "kvm_pvm"].filter { SystemFile.exists("/sys/module/\($0)") })
  }

  /// - Parameter cpuinfo: what /proc/cpuinfo holds.
  init(cpuinfo: String, modules: [String]) {
    let flags = Self.flags(cpuinfo) ?? []
    cpu = flags.contains("vmx") ? .vmx : flags.contains("svm") ? .svm : nil
    self.modules = modules
  }

  /// The flags of the first CPU.
  static func flags(_ cpuinfo: String) -> Set<String>? {
    cpuinfo.split(separator: "\n").first { $0.hasPrefix("flags") }
      .flatMap { $0.split(separator: ":", maxSplits: 1).last }
      .map { Set($0.split(separator: " ").map(String.init)) }
  }
}
