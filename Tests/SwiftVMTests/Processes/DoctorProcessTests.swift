import ArgumentParser
import FoundationEssentials
import ProcessSupport
import Testing

@testable import swiftvm

@Suite(.program) struct DoctorProcessTests {
  private struct Document: Decodable {
    let able: Bool
    let findings: [Finding]
  }

  @Test func `doctor's text and JSON say the same, and the status says whether stock kernels boot`()
    async throws
  {
    let text = try await SwiftVMProgram.run(["doctor"])
    let json = try await SwiftVMProgram.run(["doctor", "--json"])
    let document = try JSONDecoder().decode(Document.self, from: Data(json.output.utf8))
    #expect(text.error == "")
    #expect(json.error == "")
    #expect(text.status == json.status)
    #expect(document.able == (json.status == 0))
    #expect(json.status == 0 || json.status == 4)
    #expect(text.output == DoctorCommand.text(Examination(findings: document.findings)) + "\n")
    for finding in document.findings { #expect((finding.remedy != nil) == (finding.status != .ok)) }
    for name in [
      "/dev/kvm", "virtualisation", "TUN/TAP", "vhost-net", "io_uring", "huge pages", "CAP_NET_ADMIN", "ip",
      "nft",
      "dnsmasq", "passt",
    ] {
      #expect(document.findings.count { $0.name == name } == 1)
    }
  }

  @Test func `doctor is content exactly where the CPU virtualises and KVM can be used`() async throws {
    let doctor = try await SwiftVMProgram.run(["doctor"])
    let flags = try await SwiftVMProgram.shell("grep -qwE 'vmx|svm' <(grep -m1 ^flags /proc/cpuinfo)")
    #expect((doctor.status == 0) == (flags.status == 0 && MachineTests.hasKVM))
  }

  @Test(.mountNamespace) func `doctor without /dev/kvm says how to get it`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      "export vm; exec unshare -rm bash -c 'mount -t tmpfs none /dev; $vm doctor'")
    #expect(outcome.status == 4)
    #expect(outcome.output.contains("problem  /dev/kvm"))
    #expect(outcome.output.contains("load kvm_intel or kvm_amd"))
    #expect(outcome.output.hasSuffix("Stock kernels cannot be booted here.\n"))
  }
}

@Suite(.program) struct HelpTests {
  @Test(arguments: [
    ["--help"], ["run", "--help"], ["doctor", "--help"], ["help", "run"], ["bench", "exits", "--help"],
  ])
  func `help fits a screen and shows an example`(arguments: [String]) async throws {
    let outcome = try await SwiftVMProgram.run(arguments)
    #expect(outcome.status == 0)
    #expect(outcome.error == "")
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count <= 40)
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(lines.contains { $0.contains(/^ *swiftvm [a-z]/) })
  }

  @Test func `help of every command fits a screen, shows the usage, and tells a default once`() throws {
    func check(_ command: any ParsableCommand.Type, _ path: String) {
      let help =
        command is RunCommand.Type
        ? SettingHelp.text(abstract: "", usage: RunCommand.usage) : SwiftVM.helpMessage(for: command)
      let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count <= 40, "\(path)")
      #expect(lines.allSatisfy { $0.count <= 80 }, "\(help)")
      #expect(help.contains("USAGE: \(path)"), "\(help)")
      // An option's help may go on in the next line.
      let text = help.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
      #expect(!text.contains(/\(([^)]+)\)\s*\(default: \1\)/), "\(help)")
      for next in command.configuration.subcommands {
        check(next, "\(path) \(next.configuration.commandName ?? next._commandName)")
      }
    }
    check(SwiftVM.self, "swiftvm")
  }

  @Test func `help of run tells of the folder`() {
    #expect(RunCommand.usage.contains("USAGE: swiftvm run <folder>"))
  }

  @Test func `the examples of run are accepted as they stand`() async throws {
    let help = try await SwiftVMProgram.run(["run", "--help"]).output
    let examples = help.matches(of: /\bswiftvm (run -.*)/)
    #expect(!examples.isEmpty)
    for example in examples {
      let outcome = try await SwiftVMProgram.shell("$vm \(example.1) --dump-config")
      #expect(outcome.status == 0, "\(example.1)")
    }
  }

  @Test func `--version is a number`() async throws {
    let outcome = try await SwiftVMProgram.run(["--version"])
    #expect(outcome.status == 0)
    #expect(outcome.output == "\(Version.text)\n")
  }
}
