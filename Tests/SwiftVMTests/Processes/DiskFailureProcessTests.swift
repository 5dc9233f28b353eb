import ProcessSupport
import Testing

/// Disks that fail while a guest writes to them: the guest, guests/ledger, says so and stops; its machine stays.
@Suite(.program, .kvm) struct DiskFailureProcessTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// Has the guest write under a limit, and ends the machine once it has said what happened.
  private func run(_ limit: String, _ path: String, _ way: String) throws -> String {
    let line = """
      \(limit) \(Repository.executable) run --flat \(Repository.guests)/ledger.bin -m 16 -d \(path),\(way)
      """
    let machine = try RunningProgram("bash", ["-c", line])
    try machine.waitForOutput("a request failed")
    try machine.waitForError("the guest was told")
    machine.signal(2)
    #expect(try machine.waitForEnd() == 0)
    let told = machine.error.split(separator: "\n").count { $0.contains("warning: disk \(path): ") }
    #expect(told == 1, "\(machine.error)")
    return machine.error
  }

  @Test(arguments: ["io=threads", "io=auto"])
  func `a file that may not grow fails the write`(way: String) throws {
    let path = try scratch.file("small.img", [])
    let error = try run("truncate -s 64K \(path); ulimit -f 8; exec", path, way)
    #expect(error.contains("File too large"), "\(error)")
  }

  @Test(.mountNamespace, arguments: ["io=threads", "io=auto"])
  func `a full file system fails the write`(way: String) throws {
    let folder = scratch("full")
    let path = "\(folder)/disk.img"
    let inside = """
      mount -t tmpfs -o size=16k none \(folder); truncate -s 64K \(path); exec "$0" "$@"
      """
    let error = try run("mkdir \(folder); exec unshare -rm bash -c '\(inside)'", path, way)
    #expect(error.contains("No space left on device"), "\(error)")
  }
}
