import ProcessSupport
import Testing

/// guests/multiboot, which shows what it was given and ends with a status.
@Suite(.program, .kvm) struct MultibootTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test(arguments: ["multiboot.elf", "multiboot-raw.img", "multiboot-low.elf"])
  func `an image finds command line, module and memory, and ends with its status`(name: String) async throws {
    let image = "\(Repository.guests)/\(name)"
    let module = try scratch.file("module", Array("the module's bytes".utf8))
    let value = try scratch.file("value", Array("the value".utf8))
    let outcome = try await SwiftVMProgram.run([
      "run", "-k", image, "-i", module, "-a", "one two", "-m", "16", "-c", "3", "--debug-exit", "0xf4",
      "--fw-cfg", "opt/org.example/first=@\(value)", "--fw-cfg", "opt/second=2",
    ])
    #expect(outcome.status == 0x11 << 1 | 1, "\(outcome.error)")
    #expect(outcome.error == "")
    #expect(
      outcome.output == """
        line: \(image) one two
        module: \(module)
        it holds: the module's bytes
        KiB from 1 MiB on: 15360
        KiB in all: 15999
        KiB of base memory: 639
        processors: 3
        file: opt/org.example/first
        it holds: the value

        """)
  }

  @Test func `without an initrd there is no module, and what Linux is told by default is not said`()
    async throws
  {
    let image = "\(Repository.guests)/multiboot.elf"
    let outcome = try await SwiftVMProgram.run(["run", "-k", image, "-m", "8", "--debug-exit", "0xf4"])
    #expect(outcome.status == 35)
    #expect(
      outcome.output
        == "line: \(image)\nKiB from 1 MiB on: 7168\nKiB in all: 7807\nKiB of base memory: 639\nprocessors: 1\n"
    )
  }
}
