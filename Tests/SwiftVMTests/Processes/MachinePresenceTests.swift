import ProcessSupport
import Testing

/// A machine's place among those of the host, where its start comes to nothing.
@Suite(.program, .kvm, .root, .mountNamespace) struct MachinePresenceTests {
  /// Runs `script` with a state folder of its own.
  private func run(_ script: String) async throws -> (status: Int32, output: String, error: String) {
    let outcome = try await SwiftVMProgram.shell(
      """
      mkdir -p /run/swiftvm; export vm guests
      exec unshare -m bash -ec 'mount -t tmpfs tmpfs /run/swiftvm; mkdir /run/swiftvm/machines; \(script)'
      """)
    return (outcome.status, outcome.output, outcome.error)
  }

  @Test func `a start that fails takes nobody's record away`() async throws {
    let outcome = try await run(
      """
      echo "{}" > /run/swiftvm/machines/web.json
      ! "$vm" run --flat "$guests/exit.bin" -m 16 --serial null --name web --net tap=lo || exit 1
      cat /run/swiftvm/machines/web.json
      """)
    #expect(outcome.output == "{}\n" && outcome.status == 0, "\(outcome.error)")
  }

  @Test func `a signal ends a start that waits for another command`() async throws {
    // F_OFD_SETLK (37) of a whole file, as fcntl(2) has it.
    let outcome = try await run(
      """
      python3 -c "import fcntl, struct, time; file = open(\\"/run/swiftvm/lock\\", \\"w\\")
      fcntl.fcntl(file, 37, struct.pack(\\"hhqqi4x\\", fcntl.F_WRLCK, 0, 0, 0, 0))
      print(\\"locked\\", flush=True); time.sleep(3600)" > /run/swiftvm/said & holder=$!
      until grep -qs locked /run/swiftvm/said; do sleep 0.01; kill -0 $holder; done
      env --block-signal=INT bash -c "kill -INT \\$\\$; exec \\"\\$@\\"" - \
          "$vm" run -v --flat "$guests/idle.bin" -m 16 --boot-hint 0
      kill $holder
      """)
    #expect(outcome.status == 0 && outcome.error.contains("ended as asked"), "\(outcome.error)")
    #expect(!outcome.error.contains("machine made"))
  }
}
