import Glibc
import ProcessSupport
import Testing

@testable import swiftvm

/// What these tests need of the machine that they run on.
enum Conditions {
  static let isRoot = geteuid() == 0
  static let notRoot = "needs root, to take privileges away from a process"

  /// Whether a process may have a mount table of its own.
  static let hasMountNamespaces = {
    // The call keeps nothing of the text.
    unsafe system("unshare -rm true 2>/dev/null") == 0
  }()
  static let noMountNamespaces = "`unshare -rm` is not allowed here"

  /// Whether a process may have a network of its own, with TAPs in it.
  static let hasNetworkNamespaces = {
    // The call keeps nothing of the text.
    unsafe system("PATH=$PATH:/usr/sbin:/sbin unshare -rn ip tuntap add tap0 mode tap 2>/dev/null") == 0
  }()
  static let noNetworkNamespaces = "a TAP cannot be made in `unshare -rn` here"

  /// Whether the toolchain can build the book.
  static let hasDocc = InstalledPrograms.include("docc")
  static let noDocc = "the Swift toolchain has no docc"

  /// `setpriv` as somebody without any right, followed by options.
  static func asNobody(user: Int = 65_534, group: String = "65534") -> String {
    "setpriv --reuid=\(user) --regid=\(group) --clear-groups"
  }
}

extension Trait where Self == ConditionTrait {
  /// For suites that run the release executable.
  static var program: Self { .enabled(if: MachineTests.areWanted, "\(MachineTests.howToAsk)") }
  /// For tests in which it runs a guest.
  static var kvm: Self { .enabled(if: MachineTests.hasKVM, "\(MachineTests.noKVM)") }
  static var root: Self { .enabled(if: Conditions.isRoot, "\(Conditions.notRoot)") }
  static var mountNamespace: Self {
    .enabled(if: Conditions.hasMountNamespaces, "\(Conditions.noMountNamespaces)")
  }
  static var networkNamespace: Self {
    .enabled(if: Conditions.hasNetworkNamespaces, "\(Conditions.noNetworkNamespaces)")
  }
  static var docc: Self { .enabled(if: Conditions.hasDocc, "\(Conditions.noDocc)") }
}
