internal import CLinux

/// What of a host decides how fast exits are: told with every result.
struct BenchHostFacts: Codable, Equatable {
  let cpu: String
  let kernel: String
  let kvm: String
  /// Whether KVM carries out kernel code instruction by instruction.
  let emulates: Bool
  /// Whether this host is a virtual machine itself.
  let isVirtual: Bool
  /// By vulnerability, what the kernel does about it; those that this CPU does not have are left out.
  let mitigations: [String: String]

  static func ofThisHost() -> BenchHostFacts {
    let cpuinfo = SystemFile.text("/proc/cpuinfo") ?? ""
    let virtualisation = Virtualisation.detect()
    let folder = "/sys/devices/system/cpu/vulnerabilities"
    var mitigations: [String: String] = [:]
    for name in StateFile.names(in: folder) {
      let text = line(SystemFile.text("\(folder)/\(name)"))
      if let text, text != "Not affected" { mitigations[name] = text }
    }
    return BenchHostFacts(
      cpu: model(cpuinfo) ?? "unknown CPU",
      kernel: line(SystemFile.text("/proc/sys/kernel/osrelease")) ?? "unknown",
      kvm: virtualisation.description, emulates: !virtualisation.runsKernelsNatively,
      isVirtual: Virtualisation.flags(cpuinfo)?.contains("hypervisor") ?? false, mitigations: mitigations)
  }

  private static func line(_ text: String?) -> String? {
    text?.split(separator: "\n").first.map(String.init)
  }

  /// The model of the first CPU.
  private static func model(_ cpuinfo: String) -> String? {
    cpuinfo.split(separator: "\n").first { $0.hasPrefix("model name") }?
      .split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " }) }
  }
}
