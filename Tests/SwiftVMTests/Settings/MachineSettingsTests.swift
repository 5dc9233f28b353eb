import Hypervisor
import Testing

@testable import swiftvm

struct MachineSettingsTests {
  private func failure(_ document: MachineSettings) -> Failure? {
    do throws(Failure) {
      _ = try document.plan()
      return nil
    } catch {
      return error
    }
  }

  @Test func `what is not said has the documented default`() throws {
    let configuration = try MachineSettings().plan()
    #expect(configuration == MachinePlan())
    #expect(configuration.memory == 1 << 30)
    #expect(configuration.cpus == 1)
    #expect(configuration.serial == .stdio)
    #expect(configuration.onReboot == .reset)
    #expect(configuration.shutdownTimeout == 10)
    #expect(configuration.bootHint == 15)
  }

  @Test func `a configuration and its document say the same`() throws {
    var configuration = MachinePlan()
    configuration.image = .kernel(path: "vmlinuz", initrd: "initrd.img")
    configuration.append = ["quiet", "a=\"b c\""]
    configuration.appendOnly = "console=hvc0"
    configuration.memory = 1537 << 20
    configuration.cpus = 3
    configuration.disks = [DiskWish(path: "a.img"), DiskWish(path: "b,c.img")]
    configuration.serial = .socket(path: "/tmp/a=b.sock")
    configuration.onReboot = .exit
    configuration.shutdownTimeout = 0
    configuration.bootHint = 1
    configuration.debugExit = 0xF4
    configuration.hasExitStatistics = true
    configuration.trace = "vm.trace"
    configuration.traceLimit = 64 << 20
    configuration.bootChart = "boot.svg"
    configuration.metrics = .socket(path: "/run/a=b.sock")
    configuration.debugger = .socket(path: "vm=1.gdb")
    configuration.waitsForDebugger = true
    #expect(try MachineSettings(configuration).plan() == configuration)
    configuration.metrics = .file(path: "metrics")
    configuration.image = .flat(path: "boot.bin")
    (configuration.append, configuration.appendOnly) = ([], nil)
    #expect(try MachineSettings(configuration).plan() == configuration)
  }

  @Test func `what the flags say wins, and the rest stays`() throws {
    var file = MachineSettings()
    file["kernel"] = "vmlinuz"
    file["initrd"] = "initrd.img"
    file["memory"] = 512
    file["cpus"] = 4
    file["append"] = ["quiet"]
    file["serial"] = "null"
    var flags = MachineSettings()
    flags["cpus"] = 2
    flags["append"] = ["debug"]
    flags["memory"] = "2G"
    let merged = try file.overridden(by: flags).plan()
    #expect(merged.image == .kernel(path: "vmlinuz", initrd: "initrd.img"))
    #expect(merged.cpus == 2)
    #expect(merged.append == ["debug"])
    #expect(merged.memory == 2 << 30)
    #expect(merged.serial == .null)
  }

  @Test func `a flat image from the flags takes the place of the file's kernel and initrd`() throws {
    var file = MachineSettings()
    file["kernel"] = "vmlinuz"
    file["initrd"] = "initrd.img"
    file["append"] = ["quiet"]
    file["append-only"] = "console=hvc0"
    var flags = MachineSettings()
    flags["flat"] = "boot.bin"
    #expect(try file.overridden(by: flags).plan().image == .flat(path: "boot.bin"))
  }

  @Test func `a kernel from the flags takes the place of the file's flat image`() throws {
    var file = MachineSettings()
    file["flat"] = "boot.bin"
    var flags = MachineSettings()
    flags["kernel"] = "vmlinuz"
    #expect(
      try file.overridden(by: flags).plan().image == .kernel(path: "vmlinuz", initrd: nil))
  }

  @Test func `kernel arguments for a flat image are refused`() {
    for (append, only) in [(["quiet"], nil), (nil, "quiet")] as [([String]?, String?)] {
      var document = MachineSettings()
      document["flat"] = "boot.bin"
      document["append"] = append.map { .list($0) }
      document["append-only"] = only.map { .text($0) }
      #expect(failure(document)?.message == "a flat image takes no kernel arguments")
    }
  }

  @Test func `two images, or an initrd for a flat one, are one too many`() {
    var document = MachineSettings()
    document["flat"] = "boot.bin"
    document["initrd"] = "initrd.img"
    #expect(failure(document)?.message.contains("initrd") == true)
    document["kernel"] = "vmlinuz"
    #expect(failure(document)?.message.contains("both --kernel and --flat") == true)
    #expect(failure(document)?.status == .usage)
  }

  @Test func `a value that is none names the option, the value and the choice`() {
    var document = MachineSettings()
    document["serial"] = "tty"
    #expect(failure(document)?.message == "--serial tty: no such target")
    #expect(failure(document)?.hint?.contains("socket=PATH") == true)
    document = MachineSettings()
    document["on-reboot"] = "panic"
    #expect(failure(document)?.message == "--on-reboot panic: no such policy")
    #expect(failure(document)?.hint == "use reset or exit")
    document = MachineSettings()
    document["memory"] = "lots"
    #expect(failure(document)?.message == "--memory lots: not an amount of memory")
    #expect(failure(document)?.hint?.contains("512M") == true)
  }
}
