import CLinux
import Glibc
import ProcessSupport
import Testing

@testable import swiftvm

/// What others may have put where swiftvm keeps its state.
@Suite struct OwnFolderTests {
  private let scratch: Scratch
  private let state: StateFolder

  init() throws {
    scratch = try Scratch()
    state = StateFolder(path: scratch("swiftvm"))
  }

  private func failure(_ state: StateFolder) -> Failure? {
    do throws(Failure) {
      try state.locked { () throws(Failure) in }
      return nil
    } catch {
      return error
    }
  }

  private func expectRefused(
    _ place: String, _ message: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let failure = failure(state)
    #expect(failure?.status == .hostNotAble, sourceLocation: sourceLocation)
    #expect(
      failure?.message.hasPrefix("\(scratch(place)): \(message)") == true, "\(String(describing: failure))")
    #expect(failure?.hint?.contains("ls -ld") == true, sourceLocation: sourceLocation)
    #expect(!state.isOwn || place != "swiftvm", sourceLocation: sourceLocation)
  }

  @Test func `a folder that is made is everybody's to read, and taken again`() {
    defer { StateFile.remove(state.path) }
    #expect(failure(state) == nil)
    var status = stat()
    // The call fills the local structure and keeps nothing of the path.
    #expect(unsafe stat(state.machines, &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o755)
    #expect(state.isOwn)
    #expect(failure(state) == nil)
  }

  @Test func `a link in the place of a folder is not followed`() throws {
    defer { StateFile.remove(state.path) }
    // The calls keep nothing of the paths.
    unsafe mkdir(scratch("target"), 0o755)
    unsafe symlink(scratch("target"), state.path)
    expectRefused("swiftvm", "is no folder but a link")
    #expect(StateFile.names(in: scratch("target")) == [])
    unsafe unlink(state.path)
    unsafe mkdir(state.path, 0o755)
    unsafe symlink(scratch("target"), state.machines)
    expectRefused("swiftvm/machines", "is no folder but a link")
  }

  @Test func `a folder that others may write to is refused`() throws {
    defer { StateFile.remove(state.path) }
    // None of the calls keeps the path.
    unsafe mkdir(state.path, 0o755)
    for mode: mode_t in [0o777, 0o775, 0o1777] {
      unsafe chmod(state.path, mode)
      expectRefused("swiftvm", "others may write to it")
    }
  }

  @Test func `in a folder of everybody's it must be sticky`() throws {
    defer { StateFile.remove(state.path) }
    // None of the calls keeps the path.
    unsafe chmod(scratch.path, 0o777)
    let message = try #require(failure(state)?.message)
    #expect(message.hasPrefix("\(scratch.path): others may write to it"))
    #expect(!state.isOwn)
    unsafe chmod(scratch.path, 0o1777)
    #expect(failure(state) == nil)
  }

  @Test(.root) func `another user's folder is refused, and one in it`() throws {
    defer { StateFile.remove(state.path) }
    // None of the calls keeps the path.
    unsafe mkdir(state.path, 0o755)
    unsafe chown(state.path, 65_534, 65_534)
    expectRefused("swiftvm", "belongs to user 65534")
    unsafe chown(state.path, 0, 0)
    unsafe chown(scratch.path, 65_534, 65_534)
    #expect(failure(state)?.message.hasPrefix("\(scratch.path): belongs to user 65534") == true)
  }

  @Test func `what lies in the way of a file is not written through`() throws {
    let precious = try scratch.file("precious", [1, 2, 3])
    // The calls keep nothing of the paths.
    for name in ["record", "record.new"] { unsafe symlink(precious, scratch(name)) }
    try StateFile.write("text", to: scratch("record"))
    #expect(try scratch.content("precious") == [1, 2, 3])
    #expect(StateFile.contents(of: scratch("record")) == Array("text".utf8))
    #expect(!scratch.exists("record.new"))
    let path = state.path
    defer { StateFile.remove(path) }
    unsafe mkdir(path, 0o755)
    unsafe symlink(precious, "\(path)/lock")
    #expect(failure(state)?.message.contains("lock: ") == true)
  }

  @Test func `records are read from files of ours alone`() throws {
    let text = Array(#"{"id": 1, "start": 2}"#.utf8)
    func read(_ name: String) -> ProcessIdentity? { state.read(scratch(name)) }
    _ = try scratch.file("plain", text)
    #expect(read("plain") != nil)
    // The calls keep nothing of the paths.
    unsafe symlink(scratch("plain"), scratch("link"))
    #expect(read("link") == nil)
    unsafe mkfifo(scratch("pipe"), 0o600)
    #expect(read("pipe") == nil)
    _ = try scratch.file("long", text + [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20))
    #expect(read("long") == nil)
  }

  @Test(.root) func `another user's record is not believed`() throws {
    _ = try scratch.file("record", Array(#"{"id": 1, "start": 2}"#.utf8))
    // The call keeps nothing of the path.
    unsafe chown(scratch("record"), 65_534, 65_534)
    let record: ProcessIdentity? = state.read(scratch("record"))
    #expect(record == nil)
  }
}

/// The same, as a user sees it whose XDG_RUNTIME_DIR is somebody else's.
@Suite(.program, .kvm, .root) struct ForeignStateFolderTests {
  @Test func `a machine with a name is refused, one without runs`() async throws {
    let (scratch, place) = (try Scratch(), try Scratch())
    // The call keeps nothing of the path.
    unsafe chown(scratch.path, 1234, 1234)
    let identity = Conditions.asNobody(group: "\"$(stat -c %g /dev/kvm)\"")
    func run(_ more: String) async throws -> Program.Outcome {
      try await SwiftVMProgram.shell(
        """
        cp $vm $guests/serial.bin \(place.path); cd \(place.path)
        \(identity) env XDG_RUNTIME_DIR=\(scratch.path) ./swiftvm run --flat serial.bin -m 16 --on-reboot exit \(more)
        """)
    }
    expectFailure(
      try await run("--name web"), status: 4, error: "\(scratch.path): belongs to user 1234",
      hint: "export XDG_RUNTIME_DIR=/run/user/")
    let outcome = try await run("")
    #expect(outcome.status == 0 && outcome.error == "", "\(outcome.error)")
  }
}
