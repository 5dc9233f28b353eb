internal import CLinux

/// Which tests of real machines run: those that `make test` asks for, where this machine can run them.
///
/// `swift test` alone runs what needs neither KVM nor programs; for a suite of the rest:
/// `@Suite(.enabled(if: MachineTests.areWanted, MachineTests.howToAsk))`.
public enum MachineTests {
  public static var areWanted: Bool {
    // getenv's result is only compared with nil; nothing changes the environment meanwhile.
    unsafe getenv("SWIFTVM_TESTS") != nil
  }
  public static let howToAsk = "needs what `make test` sets up"

  /// Whether the tests are wanted that take long, or that emulation fails now and then.
  public static var areSoaked: Bool {
    // The text is compared at once; nothing changes the environment meanwhile.
    unsafe getenv("SWIFTVM_TESTS").map { unsafe String(cString: $0) } == "soak"
  }

  /// Whether /dev/kvm can be opened for reading and writing.
  public static var hasKVM: Bool {
    // The call keeps nothing of the path.
    unsafe access("/dev/kvm", R_OK | W_OK) == 0
  }
  public static let noKVM = "/dev/kvm cannot be opened here"
}
