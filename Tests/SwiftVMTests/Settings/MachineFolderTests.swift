import Hypervisor
import Testing

@testable import swiftvm

@Suite struct MachineFolderTests {
  @Test func `paths begin in the folder, but for those that begin at the root`() {
    var document = MachineSettings()
    document["kernel"] = "../build/vmlinuz"
    document["initrd"] = "/boot/initrd.img"
    document["flat"] = "boot.bin"
    document["disk"] = ["a.img,readonly=on", "/dev/sdb,cache=none"]
    document["serial"] = "file=log"
    document["console"] = "socket=/run/vm.sock"
    document["gdb"] = "unix=vm.gdb"
    document["fw-cfg"] = ["opt/a=@b=c", "opt/d=@/e", "opt/f=g", "@h"]
    document["trace"] = "trace.json"
    document["boot-chart"] = "/tmp/boot.svg"
    document["metrics"] = "unix=metrics.sock"
    let moved = document.relative(to: "lab/one")
    #expect(moved["kernel"] == "lab/one/../build/vmlinuz")
    #expect(moved["initrd"] == "/boot/initrd.img")
    #expect(moved["flat"] == "lab/one/boot.bin")
    #expect(moved["disk"] == ["lab/one/a.img,readonly=on", "/dev/sdb,cache=none"])
    #expect(moved["serial"] == "file=lab/one/log")
    #expect(moved["console"] == "socket=/run/vm.sock")
    #expect(moved["gdb"] == "unix=lab/one/vm.gdb")
    #expect(moved["fw-cfg"] == ["opt/a=@lab/one/b=c", "opt/d=@/e", "opt/f=g", "@h"])
    #expect(moved["trace"] == "lab/one/trace.json")
    #expect(moved["boot-chart"] == "/tmp/boot.svg")
    #expect(moved["metrics"] == "unix=lab/one/metrics.sock")
    document["metrics"] = "metrics.json"
    #expect(document.relative(to: "lab")["metrics"] == "lab/metrics.json")
  }

  @Test func `what is no path stays as it is`() {
    var document = MachineSettings()
    document["append"] = ["root=vda"]
    document["memory"] = 16
    document["net"] = ["tap=tap0"]
    document["serial"] = "pty"
    document["console"] = "stdio"
    document["exit-stats"] = true
    #expect(document.relative(to: "lab") == document)
  }

  @Test func `of every key it is known whether it holds a path, and whether its file is written`() {
    let read = ["kernel", "initrd", "flat", "fw-cfg"]
    let written = ["disk", "serial", "console", "trace", "boot-chart", "metrics", "gdb"]
    let others = [
      "append", "append-only", "memory", "cpus", "net", "publish", "name", "no-rng", "on-reboot",
      "shutdown-timeout", "boot-hint", "debug-exit", "exit-stats", "trace-limit", "gdb-wait",
    ]
    // A new one goes into one of the lists, after some thought.
    #expect(Set(SettingTable.machine.map(\.key)) == Set(read + written + others))
    for setting in SettingTable.machine {
      #expect((setting.path != nil) == (read + written).contains(setting.key), "\(setting.key)")
      #expect(setting.path?.isWritten("a") ?? false == written.contains(setting.key), "\(setting.key)")
    }
  }

  @Test func `a comma in the folder's name ends no disk's path`() throws {
    var document = MachineSettings()
    document["disk"] = ["a.img,readonly=on"]
    let disk = try #require(document.relative(to: "one,two").plan().disks.first)
    #expect(disk.path == "one,two/a.img")
    #expect(disk.isReadOnly)
  }
}
