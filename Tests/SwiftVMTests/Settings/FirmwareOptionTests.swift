import Devices
import Hypervisor
import Testing

@testable import swiftvm

struct FirmwareOptionTests {
  private func failure(_ text: String) -> Failure? {
    do throws(Failure) {
      _ = try FirmwareOption.file(text)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("opt/a=b", FirmwareFile(name: "opt/a", content: .text("b"))),
    ("opt/a=", FirmwareFile(name: "opt/a", content: .text(""))),
    ("opt/a=b=c,d", FirmwareFile(name: "opt/a", content: .text("b=c,d"))),
    ("opt/a=@b=@c", FirmwareFile(name: "opt/a", content: .file(path: "b=@c"))),
  ])
  func `a value or a file's path is read, and written back`(text: String, file: FirmwareFile) throws {
    #expect(try FirmwareOption.file(text) == file)
    #expect(FirmwareOption.text(file) == text)
  }

  @Test(arguments: ["opt/a", "", "opt/a=@"])
  func `what names no value or no file is refused`(text: String) {
    #expect(failure(text)?.status == .usage)
    #expect(failure(text)?.hint?.contains("NAME=@FILE") == true)
  }

  @Test func `a file's bytes are read, and a missing one is named`() throws {
    let scratch = try Scratch()
    let path = try scratch.file("value", [0, 255, 10])
    let files = try FirmwareOption.open([
      .init(name: "opt/a", content: .file(path: path)), .init(name: "opt/b", content: .text("é")),
    ])
    #expect(files.map(\.bytes) == [[0, 255, 10], [0xC3, 0xA9]])
    #expect(files.map(\.name) == ["opt/a", "opt/b"])
    let missing = #expect(throws: Failure.self) {
      try FirmwareOption.open([.init(name: "opt/a", content: .file(path: path + ".not"))])
    }
    #expect(missing?.message.hasPrefix("--fw-cfg opt/a \(path).not: ") == true)
  }

  @Test func `a file of more than 1 MiB is refused`() throws {
    let scratch = try Scratch()
    let path = try scratch.file("value", Array(repeating: 1, count: 1 << 20 | 1))
    #expect(throws: Failure.self) {
      try FirmwareOption.open([.init(name: "opt/a", content: .file(path: path))])
    }
  }
}
