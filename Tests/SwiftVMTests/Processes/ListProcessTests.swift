import FoundationEssentials
import ProcessSupport
import Testing

@testable import swiftvm

/// `swiftvm list`.
@Suite(.program, .kvm) struct ListProcessTests {
  private let scratch: Scratch
  private let name = "list\(UInt32.random(in: 0...(.max)))"

  init() throws {
    scratch = try Scratch()
  }

  /// Runs a machine in the scratch folder; the first line is what `list` says of it, the others are that of `--json`.
  private func list(_ options: String) async throws -> (line: String, record: MachineRecord, error: String) {
    let outcome = try await SwiftVMProgram.shell(
      """
      cd \(scratch.path); mkdir -m 700 run; export XDG_RUNTIME_DIR=$PWD/run
      coproc $vm run -m 16 --flat $guests/idle.bin --boot-hint 0 -v --name \(name) \(options) 2>&1; machine=$COPROC_PID
      while read -r said <&"${COPROC[0]}"; do
        echo "$said" >&2; case $said in *'the machine runs'*) break ;; esac; done
      (cd /; $vm list | grep '^\(name) '; $vm list --json)
      kill -INT $machine; wait $machine; rm -rf run
      """)
    let parts = outcome.output.split(separator: "\n", maxSplits: 1)
    try #require(parts.count == 2, "\(outcome.error)")
    let records = try JSONDecoder().decode([MachineRecord].self, from: Data(parts[1].utf8))
    return (String(parts[0]), try #require(records.first { $0.name == name }), outcome.error)
  }

  @Test func `it tells where pseudo terminals and sockets are, whatever folder one asks from`() async throws {
    let socket = "socket=\(scratch("console"))"
    for (options, isSerial) in [
      ("--serial pty --console socket=console", true), ("--serial socket=console --console pty", false),
    ] {
      let (line, record, error) = try await list(options)
      let path = try #require(error.firstMatch(of: /console: (\/dev\/pts\/\d+)/)?.1)
      #expect(record.console == (isSerial ? "pty=\(path)" : socket))
      #expect(record.virtioConsole == (isSerial ? socket : "pty=\(path)"))
      #expect(line.hasSuffix("  \(record.console),virtio \(record.virtioConsole ?? "")"))
    }
  }

  @Test func `a console that is no place is told of by its kind`() async throws {
    let (line, record, _) = try await list("--serial null")
    #expect(record.console == "null")
    #expect(record.virtioConsole == nil)
    #expect(line.hasSuffix(" null"))
  }
}
