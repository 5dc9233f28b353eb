/// A guest of the bed as `swiftvm run` is asked for it, inside L1.
struct Guest {
  /// Debian's stock kernels. Their payloads are compressed in different ways.
  enum Kernel: String, CaseIterable, Sendable {
    case cloud, generic

    var bzImage: String { "/bed/kernels/\(rawValue)/vmlinuz" }
    var vmlinux: String { "/bed/kernels/\(rawValue)/vmlinux" }
  }

  /// A path in L1.
  var kernel = Kernel.cloud.bzImage
  var initrd = "/bed/guests/initrd.img"
  /// More options of `swiftvm run`.
  var options = ""
  /// Kernel arguments on top of the default ones.
  var arguments: String

  /// What comes after `swiftvm run` in a shell. A busy machine may be silent for long: no hint.
  var flags: String { "--boot-hint 0 -k \(kernel) -i \(initrd) \(options) -a '\(arguments)'" }

  /// Boots it and waits for its end.
  var boot: String { "/host/bin/swiftvm run \(flags)" }

  /// A script that starts it and has more to say to it, see Tests/Bed/session.sh.
  func session(_ script: String, input: String = "/dev/null") -> String {
    """
    . /host/Tests/Bed/session.sh
    start \(flags) < \(input)
    \(script)
    finish
    """
  }
}
