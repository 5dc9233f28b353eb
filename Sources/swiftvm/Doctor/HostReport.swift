internal import Hypervisor

/// What must be known of a host where swiftvm works or does not, and nothing of whose host it is: no names, paths,
/// addresses or serial numbers.
struct HostReport {
  /// A KVM module of the kernel, and each of its parameters as `name=value`.
  struct Module {
    let name: String
    let parameters: [String]
  }

  /// The kernel's release.
  var release: String
  /// What the files of these names in /proc hold.
  var cpuinfo: String
  var meminfo: String
  var modules: [Module]
  var virtualisation: Virtualisation
  /// By name, what KVM_CHECK_EXTENSION answers; nil: there is nobody to ask.
  var capabilities: [(name: String, extent: Int)]?
  var findings: [Finding]

  static func ofThisHost(_ examination: Examination) -> HostReport {
    let virtualisation = Virtualisation.detect()
    return HostReport(
      release: line(SystemFile.text("/proc/sys/kernel/osrelease")),
      cpuinfo: SystemFile.text("/proc/cpuinfo") ?? "", meminfo: SystemFile.text("/proc/meminfo") ?? "",
      modules: (["kvm"] + virtualisation.modules).map(module), virtualisation: virtualisation,
      capabilities: capabilities(), findings: examination.findings)
  }

  private static func capabilities() -> [(name: String, extent: Int)]? {
    guard let kvm = try? HostKVM.open() else { return nil }
    return Capability.used.map { ($0.name, kvm.extent(of: $0)) }
  }

  private static func module(_ name: String) -> Module {
    let folder = "/sys/module/\(name)/parameters"
    return Module(
      name: name,
      parameters: StateFile.names(in: folder).map { parameter in
        // Some may be read by root alone.
        "\(parameter)=\(SystemFile.text("\(folder)/\(parameter)").map(line) ?? "?")"
      })
  }

  private static func line(_ text: String?) -> String {
    text?.split(separator: "\n").first.map { String($0.prefix(40)) } ?? ""
  }

  // MARK: Text

  /// Lines to be pasted as they are.
  var text: String {
    var lines = ["swiftvm \(Version.text), Linux \(release)"]
    func add(_ name: String, _ value: String?) {
      if let value, !value.isEmpty { lines.append("\(name): \(value)") }
    }
    add("CPU", cpu)
    add("CPUs", "\(cpuinfo.split(separator: "\n").count { $0.hasPrefix("processor") })")
    add("CPU flags", flags)
    add("VMX flags", Self.field("vmx flags", of: cpuinfo))
    add("addresses", Self.field("address sizes", of: cpuinfo))
    add(
      "this host",
      hasHypervisor ? "a virtual machine (the CPU flag hypervisor)" : "no virtual machine that says so")
    add("kernel code", virtualisation.runsKernelsNatively ? "runs on the CPU" : "is emulated by KVM")
    for module in modules { add("module \(module.name)", module.parameters.joined(separator: " ")) }
    add("KVM", capabilities.map { $0.map { "\($0.name)=\($0.extent)" }.joined(separator: " ") })
    add("memory", memory)
    // Of a program it does not matter where somebody keeps it.
    let programs = Set(HostProgram.allCases.map(\.rawValue))
    for finding in findings {
      add(
        "\(finding.status.rawValue), \(finding.name)",
        programs.contains(finding.name) ? (finding.status == .ok ? "found" : "not found") : finding.detail)
    }
    return lines.joined(separator: "\n")
  }

  private var cpu: String {
    let parts: [(key: String, prefix: String)] = [
      ("vendor_id", ""), ("cpu family", "family "), ("model", "model "), ("stepping", "stepping "),
      ("microcode", "microcode "), ("model name", ""),
    ]
    return parts.compactMap { part in
      Self.field(part.key, of: cpuinfo).map { part.prefix + $0 }
    }.joined(separator: ", ")
  }

  private var hasHypervisor: Bool { Virtualisation.flags(cpuinfo)?.contains("hypervisor") == true }

  /// Of the first CPU's flags those that have to do with virtualisation.
  private var flags: String {
    let told = [
      "vmx", "svm", "hypervisor", "ept", "vpid", "npt", "nrip_save", "avic", "x2avic", "vgif", "vnmi", "lbrv",
      "decodeassists", "flushbyasid", "tsc_scale", "x2apic", "tsc_deadline_timer", "constant_tsc",
      "nonstop_tsc",
      "xsave", "la57", "smep", "smap", "vmmcall",
    ]
    let flags = Virtualisation.flags(cpuinfo) ?? []
    return told.filter(flags.contains).joined(separator: " ")
  }

  private var memory: String? {
    HostMemory(meminfo: meminfo, overcommit: "").map {
      "\($0.total >> 20) MiB, \($0.available >> 20) MiB of it available"
    }
  }

  /// The value of the first line that `key` begins.
  private static func field(_ key: String, of text: String) -> String? {
    for line in text.split(separator: "\n") {
      let sides = line.split(separator: ":", maxSplits: 1)
      guard sides.count == 2, sides[0].trimmed == key else { continue }
      return sides[1].trimmed
    }
    return nil
  }
}

extension Substring {
  /// Without the blanks and tabs at its ends.
  fileprivate var trimmed: String {
    func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
    return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
