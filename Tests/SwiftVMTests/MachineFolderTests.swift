import Hypervisor
import Testing

@testable import swiftvm

@Suite struct MachineFolderTests {
  @Test func `paths begin in the folder, but for those that begin at the root`() {
    var document = ConfigurationFile()
    document.kernel = "../build/vmlinuz"
    document.initrd = "/boot/initrd.img"
    document.flat = "boot.bin"
    document.disk = ["a.img,readonly=on", "/dev/sdb,cache=none"]
    document.serial = "file=log"
    document.console = "socket=/run/vm.sock"
    document.gdb = "unix=vm.gdb"
    document.fwCfg = ["opt/a=@b=c", "opt/d=@/e", "opt/f=g", "@h"]
    document.trace = "trace.json"
    document.bootChart = "/tmp/boot.svg"
    document.metrics = "unix=metrics.sock"
    let moved = document.relative(to: "lab/one")
    #expect(moved.kernel == "lab/one/../build/vmlinuz")
    #expect(moved.initrd == "/boot/initrd.img")
    #expect(moved.flat == "lab/one/boot.bin")
    #expect(moved.disk == ["lab/one/a.img,readonly=on", "/dev/sdb,cache=none"])
    #expect(moved.serial == "file=lab/one/log")
    #expect(moved.console == "socket=/run/vm.sock")
    #expect(moved.gdb == "unix=lab/one/vm.gdb")
    #expect(moved.fwCfg == ["opt/a=@lab/one/b=c", "opt/d=@/e", "opt/f=g", "@h"])
    #expect(moved.trace == "lab/one/trace.json")
    #expect(moved.bootChart == "/tmp/boot.svg")
    #expect(moved.metrics == "unix=lab/one/metrics.sock")
    document.metrics = "metrics.json"
    #expect(document.relative(to: "lab").metrics == "lab/metrics.json")
  }

  @Test func `what is no path stays as it is`() {
    var document = ConfigurationFile()
    document.append = ["root=vda"]
    document.memory = .mebibytes(16)
    document.net = ["tap=tap0"]
    document.serial = "pty"
    document.console = "stdio"
    document.exitStats = true
    #expect(document.relative(to: "lab") == document)
  }

  @Test func `of every key it is known whether it holds a path`() {
    let paths = [
      "kernel", "initrd", "flat", "disk", "serial", "console", "trace", "boot-chart", "metrics", "gdb",
      "fw-cfg",
    ]
    let others = [
      "append", "append-only", "memory", "cpus", "net", "publish", "name", "no-rng", "on-reboot",
      "shutdown-timeout", "boot-hint", "debug-exit", "exit-stats", "trace-limit", "gdb-wait",
    ]
    // A new one goes into one of the lists, one with a path into `relative(to:)` too, and one that is written to into
    // `FolderOutputs`.
    #expect(Set(ConfigurationFile.CodingKeys.allCases.map(\.rawValue)) == Set(paths + others))
  }

  @Test func `a comma in the folder's name ends no disk's path`() throws {
    var document = ConfigurationFile()
    document.disk = ["a.img,readonly=on"]
    let disk = try #require(document.relative(to: "one,two").configuration().disks.first)
    #expect(disk.path == "one,two/a.img")
    #expect(disk.isReadOnly)
  }
}
