internal import Hypervisor

extension SettingTable {
  static let life = [
    Setting(
      "on-reboot", .life,
      .text("WHAT") { plan, text throws(Failure) in
        guard let policy = RebootPolicy(rawValue: text) else {
          throw Failure(.usage, "--on-reboot \(text): no such policy", hint: "use reset or exit")
        }
        plan.onReboot = policy
      } read: {
        $0.onReboot.rawValue
      },
      standard: "reset", help: "The guest's reboot: reset or exit",
      manual: """
        The guest's reset or panic: `reset` starts the machine afresh, unless it crashes soon after its start three \
        times in a row; `exit` ends it.
        """,
      completion: .words(RebootPolicy.allCases.map(\.rawValue))),
    Setting(
      "shutdown-timeout", .life,
      .number("S", most: UInt64(UInt32.max)) {
        $0.shutdownTimeout = UInt32(clamping: $1)
      } read: {
        UInt64($0.shutdownTimeout)
      },
      standard: "10", help: "Seconds from SIGTERM to a forced end",
      manual: "Seconds from SIGTERM, which presses the power button, to a forced end."),
    Setting(
      "boot-hint", .life,
      .number("S", most: UInt64(UInt32.max)) {
        $0.bootHint = UInt32(clamping: $1)
      } read: {
        UInt64($0.bootHint)
      },
      standard: "15", help: "Seconds of silence until a hint, 0: none",
      manual: """
        Seconds without output until one line tells where the guest is, and whether it runs; 0: never.
        """),
  ]
}
