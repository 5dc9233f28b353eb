internal import CLinux
internal import Hypervisor
internal import SystemPackage

/// Looks at this host, piece by piece.
struct Examination {
  let findings: [Finding]

  /// Whether a stock kernel can be booted here.
  var isAble: Bool { findings.allSatisfy { $0.status != .problem } }

  static func ofThisHost() -> Examination {
    Examination(
      findings: kvm() + [
        virtualisation(.detect()), tun(), vhostNet(), ioUring(), hugePages(SystemFile.text(hugePagesPath)),
        networkPrivilege(isThere: Privilege.coversNetworks),
      ] + HostProgram.allCases.map(program))
  }

  private static func kvm() -> [Finding] {
    do throws(Failure) {
      let kvm = try HostKVM.open()
      let missing = Capability.required.filter { kvm.extent(of: $0) == 0 }.map(\.name)
      var findings = [
        missing.isEmpty
          ? Finding.ok("/dev/kvm", "openable, API 12, up to \(kvm.maximumVCPUs) vCPUs")
          : .problem(
            "/dev/kvm", "lacks \(missing.joined(separator: ", "))", remedy: "use Linux 5.10 or newer")
      ]
      if let entries = (try? kvm.supportedCPUID())?.entries {
        findings.append(guestCPU(MicroarchitectureLevel(entries)))
      }
      return findings
    } catch {
      return [.problem("/dev/kvm", error.message, remedy: error.hint ?? "see the message")]
    }
  }

  static func virtualisation(_ found: Virtualisation) -> Finding {
    found.runsKernelsNatively
      ? .ok("virtualisation", found.description)
      : .problem(
        "virtualisation", "\(found.description): KVM emulates kernel code and knows only part of it",
        remedy: """
          small bare-metal guests run; for stock kernels use a host whose CPU flags show vmx or svm \
          (switch virtualisation on in the firmware, or nesting in the outer hypervisor)
          """)
  }

  /// CentOS Stream 9 is compiled for level 2, Stream 10 for level 3.
  static func guestCPU(_ level: MicroarchitectureLevel) -> Finding {
    let runs =
      switch level {
      case .v1: "CentOS Stream 8"
      case .v2: "CentOS Stream 8 and 9"
      case .v3, .v4: "CentOS Stream 8, 9 and 10"
      }
    let detail = "a guest sees x86-64-v\(level.rawValue): \(runs)"
    return level >= .v3
      ? .ok("guest CPU", detail)
      : .warning(
        "guest CPU", detail,
        remedy: "newer user space needs a newer CPU, or one that is hidden less by the outer hypervisor")
  }

  private static func tun() -> Finding {
    guard let error = SystemFile.whyNotOpenable("/dev/net/tun") else {
      return .ok("TUN/TAP", "/dev/net/tun openable")
    }
    return .warning(
      "TUN/TAP", "/dev/net/tun: \(error)",
      remedy: error == .permissionDenied
        ? "give yourself access to it, or let an administrator make a TAP for you"
        : "`sudo modprobe tun`; without it there is no TAP networking")
  }

  private static func vhostNet() -> Finding {
    guard let error = SystemFile.whyNotOpenable("/dev/vhost-net") else {
      return .ok("vhost-net", "/dev/vhost-net openable")
    }
    return .warning(
      "vhost-net", "/dev/vhost-net: \(error)",
      remedy: error == .permissionDenied
        ? "become a member of the group that owns it"
        : "`sudo modprobe vhost_net`; networking works without it, slower")
  }

  static func networkPrivilege(isThere: Bool) -> Finding {
    isThere
      ? .ok("CAP_NET_ADMIN", "this process may make networks")
      : .warning(
        "CAP_NET_ADMIN", "this process may not make networks: --net nat and --net bridge need it",
        remedy: "`sudo swiftvm run ...`, or --net user, or a TAP that an administrator made for you")
  }

  private static func program(_ program: HostProgram) -> Finding {
    do throws(Failure) {
      return .ok(program.rawValue, "\(try program.find()), \(program.purpose)")
    } catch {
      return .warning(program.rawValue, error.message, remedy: error.hint ?? "install it")
    }
  }

  private static func ioUring() -> Finding {
    let result = clinux_probe_io_uring()
    guard result < 0 else { return .ok("io_uring", "available") }
    return .warning(
      "io_uring", "refused: \(Errno(rawValue: -result))",
      remedy: "`sudo sysctl kernel.io_uring_disabled=0`; disks work without it, by threads")
  }

  private static let hugePagesPath = "/sys/kernel/mm/transparent_hugepage/enabled"

  /// - Parameter setting: the kernel's choices, the chosen one in brackets; nil where it has none.
  static func hugePages(_ setting: String?) -> Finding {
    let chosen = setting?.split(separator: "[", omittingEmptySubsequences: false).dropFirst().first?
      .split(separator: "]").first
    switch chosen {
    case "always"?, "madvise"?: return .ok("huge pages", "transparent, \(chosen ?? "")")
    default:
      return .warning(
        "huge pages", "no transparent huge pages (\(chosen ?? "not in this kernel"))",
        remedy: "`echo madvise | sudo tee \(hugePagesPath)`; guests run without them, slower")
    }
  }
}
