import CLinux
import Devices
import Hypervisor
import SystemPackage

/// The host's /dev/kvm, and what tests must know of it.
enum HostKVM {
  /// Opens it, and makes kicks possible in this process, as swiftvm does at its start.
  static func open() throws -> KVM {
    let result = clinux_install_kick_handler()
    guard result >= 0 else { throw Errno(rawValue: -result) }
    return try KVM(OwnedDescriptor.open("/dev/kvm", O_RDWR))
  }

  /// Whether KVM carries out a guest's kernel code itself, instruction by instruction, because the CPU
  /// has no virtualisation of its own.
  static let emulates = !flags.contains("vmx") && !flags.contains("svm")
  static let doesNotEmulate = "this host's CPU runs every instruction of a guest"

  /// Whether a triple fault leaves the registers as they were. SVM leaves them undefined, and KVM resets
  /// the vCPU.
  static let keepsRegistersAtTripleFault = !flags.contains("svm")

  private static let flags: Set<Substring> = {
    let line = (try? lines("/proc/cpuinfo"))?.first { $0.hasPrefix("flags") }
    return Set(line?.split(separator: " ") ?? [])
  }()

  private static func lines(_ path: FilePath) throws -> [Substring] {
    let file = try FileDescriptor.open(path, .readOnly)
    return try file.closeAfter {
      var text: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        // The descriptor fills at most the whole of `chunk`.
        let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
        if count == 0 { return String(decoding: text, as: UTF8.self).split(separator: "\n") }
        text += chunk.prefix(count)
      }
    }
  }
}
