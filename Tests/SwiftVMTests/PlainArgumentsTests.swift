internal import ArgumentParser
import Testing

@testable import swiftvm

@Suite struct PlainArgumentsTests {
  @Test(arguments: [
    "-k vmlinuz", "--kernel vmlinuz --initrd initrd.img", "-k vmlinuz -i initrd.img -m 512M -c 4",
    "--memory 2G --cpus 2", "-a quiet -a ip=dhcp --append panic=1", "--cmdline a=1 --params b=2",
    "--append-only console=ttyS0", "--flat boot.bin --on-reboot exit --serial null",
    "--shutdown-timeout 3 --boot-hint 0", "--debug-exit 0xf4",
    "-k vmlinuz --exit-stats",
    "-k vmlinuz --trace vm.trace --trace-limit 64M --metrics unix=m.sock --boot-chart b.svg",
    "-k vmlinuz --exit-stats", "--gdb 1234 --gdb-wait", "--gdb unix=vm.gdb",
    "-d a.img -d b.img,readonly=on --disk c,,d.img,queues=2", "-v -k vmlinuz",
    "-k vmlinuz --verbose -k other", "",
  ])
  func `what is read without the parser is what the parser reads`(line: String) throws {
    let words = line.split(separator: " ").map(String.init)
    let plain = try #require(PlainArguments(["run"] + words))
    let parsed = try RunCommand.parse(words)
    #expect(plain.document == parsed.options.document)
    #expect(plain.isVerbose == parsed.verbose)
  }

  @Test(arguments: [
    "--help", "-k", "-k --initrd", "-k -x", "--kernel=vmlinuz", "-kvmlinuz", "--cpus many",
    "--cpus 99999999999999999999",
    "--boot-hint -1", "--config vm.json", "--dump-config", "--kernle vmlinuz", "vmlinuz", "-- -k vmlinuz",
  ])
  func `what is not plain is left to the parser`(line: String) {
    #expect(PlainArguments(["run"] + line.split(separator: " ").map(String.init)) == nil)
  }

  @Test func `an empty value is left to the parser`() {
    #expect(PlainArguments(["run", "-k", ""]) == nil)
  }

  @Test(arguments: [[], ["doctor"], ["--version"], ["help", "run"]])
  func `only run is read`(words: [String]) {
    #expect(PlainArguments(words) == nil)
  }
}
