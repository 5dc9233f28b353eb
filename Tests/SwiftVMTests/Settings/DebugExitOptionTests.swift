internal import ArgumentParser
import Hypervisor
import Testing

@testable import swiftvm

struct DebugExitOptionTests {
  private func failure(_ text: String) -> Failure? {
    do throws(Failure) {
      _ = try DebugExitOption.port(text)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a port is hexadecimal or decimal`() throws {
    #expect(try DebugExitOption.port("0xf4") == 0xF4)
    #expect(try DebugExitOption.port("0X501") == 0x501)
    #expect(try DebugExitOption.port("244") == 244)
    #expect(try DebugExitOption.port(DebugExitOption.text(0xFFFC)) == 0xFFFC)
  }

  @Test(arguments: ["", "0x", "f4", "0xg", "65536", "0x10000", "-1", "0x-1"])
  func `what is no port is refused`(text: String) {
    let failure = failure(text)
    #expect(failure?.status == .usage)
    #expect(failure?.message == "--debug-exit \(text): not a port")
  }

  @Test func `a document carries it, and the flag wins`() throws {
    var file = try MachineSettings.parse(Array(#"{"debug-exit": "0x501"}"#.utf8), name: "vm.json")
    #expect(try file.plan().debugExit == 0x501)
    file = file.overridden(by: try MachineArguments(["--debug-exit", "0xf4"]).machine)
    #expect(try file.plan().debugExit == 0xF4)
  }
}
