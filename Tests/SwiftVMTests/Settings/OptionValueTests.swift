import Hypervisor
import Testing

@testable import swiftvm

struct SerialTargetTests {
  @Test(arguments: [
    ("stdio", ConsoleTarget.stdio), ("pty", .pty), ("null", .null),
    ("file=/tmp/log", .file(path: "/tmp/log")),
    ("socket=vm.sock", .socket(path: "vm.sock")), ("file=a=b", .file(path: "a=b")),
  ])
  func `a target is read and written back`(text: String, target: ConsoleTarget) {
    #expect(ConsoleTarget(text) == target)
    #expect("\(target)" == text)
  }

  @Test(arguments: ["", "tty", "STDIO", "file", "file=", "socket=", "socket", "pty=1", "=x", "null=", " pty"])
  func `anything else is no target`(text: String) {
    #expect(ConsoleTarget(text) == nil)
  }
}

struct DebuggerAddressTests {
  @Test(arguments: [
    ("1234", DebuggerAddress.port(1234)), ("65535", .port(65535)),
    ("unix=/tmp/a=b", .socket(path: "/tmp/a=b")),
  ])
  func `an address is read and written back`(text: String, address: DebuggerAddress) {
    #expect(DebuggerAddress(text) == address)
    #expect("\(address)" == text)
  }

  @Test(arguments: ["", "0", "65536", "-1", "0x10", "localhost:1234", ":1234", "unix=", "unix", "socket=a"])
  func `anything else is none`(text: String) {
    #expect(DebuggerAddress(text) == nil)
  }
}
