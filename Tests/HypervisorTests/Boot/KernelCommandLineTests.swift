import Testing

@testable import Hypervisor

struct KernelCommandLineTests {
  @Test func `a kernel is told of its console and nothing else`() throws {
    let line = try KernelCommandLine()
    #expect(line.text == "console=ttyS0")
  }

  @Test func `arguments are added in order`() throws {
    let line = try KernelCommandLine(append: ["quiet", "", "init=/bin/sh rw"])
    #expect(line.text == "console=ttyS0 quiet init=/bin/sh rw")
  }

  @Test func `the defaults can be replaced`() throws {
    let line = try KernelCommandLine(append: ["quiet"], appendOnly: "console=hvc0")
    #expect(line.text == "console=hvc0 quiet")
    let empty = try KernelCommandLine(appendOnly: "")
    let bytes = try empty.bytes(kernelLimit: 255)
    #expect(bytes == [0])
  }

  @Test func `other scripts than ASCII are fine`() throws {
    let line = try KernelCommandLine(appendOnly: "x=ä€😀")
    let bytes = try line.bytes(kernelLimit: 2047)
    #expect(bytes == Array("x=ä€😀".utf8) + [0])
  }

  @Test(arguments: [
    ("a\0b", "a NUL"), ("a\nb", "a newline"), ("a\tb", "a tab"), ("a\rb", "a carriage return"),
    ("a\u{1B}b", "the control character U+001B"), ("a\u{7F}b", "the control character U+007F"),
    ("a\u{01}b", "the control character U+0001"), ("a\u{85}b", "the control character U+0085"),
  ])
  func `control characters are refused by name and place`(argument: String, name: String) throws {
    let error = try thrown(KernelCommandLineError.self) { try KernelCommandLine(append: [argument]) }
    // "console=ttyS0 a" comes before it.
    #expect(error?.description == "the kernel command line has \(name) at position 16")
  }

  @Test func `a line may fill the kernel's limit and not pass it`() throws {
    let fits = try KernelCommandLine(appendOnly: String(repeating: "x", count: 2047))
    let bytes = try fits.bytes(kernelLimit: 2047)
    #expect(bytes.count == 2048)
    // Bytes count, not characters.
    let long = try KernelCommandLine(appendOnly: String(repeating: "x", count: 2046) + "ä")
    let error = try thrown(KernelCommandLineError.self) { try long.bytes(kernelLimit: 2047) }
    #expect(error == .tooLong(length: 2048, limit: 2047))
    #expect(error?.description == "the kernel command line has 2048 bytes, this kernel takes 2047")
  }

  @Test func `no kernel's limit exceeds the room there is`() throws {
    let long = try KernelCommandLine(appendOnly: String(repeating: "x", count: 0x1_0000))
    let error = try thrown(KernelCommandLineError.self) { try long.bytes(kernelLimit: .max) }
    #expect(error == .tooLong(length: 0x1_0000, limit: 0xFFFF))
  }
}
