internal import Hypervisor

/// How much memory this host has, and gives away.
struct HostMemory: Equatable {
  /// Bytes of RAM.
  let total: UInt64
  /// Bytes of it that programs could have now; 0 where the kernel does not tell.
  let available: UInt64
  /// Bytes that may still be promised to processes; nil where the kernel promises more than it has.
  let promisable: UInt64?

  /// - Parameters:
  ///   - meminfo: what /proc/meminfo holds.
  ///   - overcommit: what /proc/sys/vm/overcommit_memory holds.
  init?(meminfo: String, overcommit: String) {
    func bytes(_ name: String) -> UInt64? {
      let line = meminfo.split(separator: "\n").first { $0.hasPrefix("\(name):") }
      return line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 << 10 }
    }
    guard let total = bytes("MemTotal") else { return nil }
    self.total = total
    available = bytes("MemAvailable") ?? 0
    // 2: never overcommit (Linux Documentation/mm/overcommit-accounting.rst).
    if overcommit.hasPrefix("2"), let limit = bytes("CommitLimit"), let committed = bytes("Committed_AS") {
      promisable = limit > committed ? limit - committed : 0
    } else {
      promisable = nil
    }
  }

  static func ofThisHost() -> HostMemory? {
    HostMemory(
      meminfo: SystemFile.text("/proc/meminfo") ?? "",
      overcommit: SystemFile.text("/proc/sys/vm/overcommit_memory") ?? "")
  }

  /// Whether a guest may have `size` bytes.
  ///
  /// - Returns: what there is to warn of.
  func check(_ size: UInt64) throws(Failure) -> String? {
    let asked = "the guest is to have \(Self.text(size)) of memory"
    if let promisable, size > promisable {
      throw Failure(
        .hostNotAble,
        "\(asked), and this host, which does not overcommit, has \(Self.text(promisable)) left to promise",
        hint:
          "give less with -m; `sysctl vm.overcommit_memory` shows the host's policy, 2, /proc/meminfo its limit"
      )
    }
    guard size > total else { return nil }
    return """
      \(asked), and this host has \(Self.text(total)): when the guest uses more than there is, the host's kernel \
      kills it, or another process
      """
  }

  private static func text(_ size: UInt64) -> String { "\(size >> 20) MiB" }
}
