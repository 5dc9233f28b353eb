import CHost
import CLinux
import Devices
import SystemPackage
import Testing

@testable import swiftvm

@Suite struct UnixListenerTests {
  private let scratch: Scratch
  private let path: String

  init() throws {
    scratch = try Scratch()
    path = scratch("sock")
  }

  private func leaveDeadSocket() throws {
    _ = try UnixListener.listen(path)
  }

  @Test func `a socket that nobody listens on is replaced`() throws {
    try leaveDeadSocket()
    let listener = try UnixListener.listen(path)
    // The call keeps nothing of the path.
    let client = try OwnedDescriptor(result: unsafe chost_connect_unix(path))
    #expect(clinux_accept(listener.number) >= 0)
    withExtendedLifetime(client) {}
  }

  @Test(.root) func `another user's stays`() throws {
    try leaveDeadSocket()
    // The call keeps nothing of the path.
    try #require(unsafe chown(path, 65_534, 65_534) == 0)
    #expect(throws: Errno.addressInUse) { _ = try UnixListener.listen(path) }
    #expect(scratch.exists("sock"))
  }

  @Test func `a link to one stays`() throws {
    try leaveDeadSocket()
    // The calls keep nothing of the paths.
    try #require(unsafe symlink(path, scratch("link")) == 0)
    #expect(throws: Errno.addressInUse) { _ = try UnixListener.listen(scratch("link")) }
    #expect(scratch.exists("link"))
  }

  @Test func `only the socket that was made is removed`() throws {
    let first = try UnixListener.listen(path)
    let file = SocketFile(path)
    // The call keeps nothing of the path.
    try #require(unsafe unlink(path) == 0)
    let second = try UnixListener.listen(path)
    file.remove()
    #expect(scratch.exists("sock"))
    SocketFile(path).remove()
    #expect(!scratch.exists("sock"))
    _ = try scratch.file("sock", [])
    file.remove()
    #expect(scratch.exists("sock"))
    withExtendedLifetime((first.number, second.number)) {}
  }
}
