import Devices
import Hypervisor
import Testing

@testable import swiftvm

@Suite struct DiskOptionTests {
  @Test func `a path alone is a disk with the documented defaults`() throws {
    let disk = try DiskWish("images/root.img")
    #expect(disk == DiskWish(path: "images/root.img"))
    #expect(!disk.isReadOnly && disk.canDiscard && !disk.isForcedRaw)
    #expect(disk.queues == 1)
    #expect(disk.cache == .writeback)
    #expect(disk.access == .auto)
    #expect(disk.identity == "")
  }

  @Test func `every key is read, and written again`() throws {
    let text = "a,,b.img,readonly=on,serial=S 1,queues=4,cache=none,io=threads,discard=off,id=root,format=raw"
    let disk = try DiskWish(text)
    #expect(disk.path == "a,b.img")
    #expect(disk.isReadOnly && !disk.canDiscard && disk.isForcedRaw)
    #expect(disk.serial == "S 1")
    #expect(disk.queues == 4)
    #expect(disk.cache == .none)
    #expect(disk.access == .threads)
    #expect(disk.id == "root")
    #expect(disk.identity == "S 1")
    #expect(disk.text == text)
    #expect(try DiskWish(disk.text) == disk)
  }

  @Test func `an id is the serial number where none is given`() throws {
    #expect(try DiskWish("a,id=root").identity == "root")
  }

  @Test(
    arguments: [
      ("", "nothing is named", nil), ("a.img,readonly", "is no key=value", "the keys are cache, discard"),
      ("a.img,readnly=on", "unknown key \"readnly\"", "did you mean \"readonly\"?"),
      ("a.img,if=virtio", "unknown key \"if\"", "every disk is a virtio disk"),
      ("a.img,media=cdrom", "unknown key \"media\"", "readonly=on"),
      ("file=a.img,if=virtio", "unknown key \"if\"", "leave it out"),
      ("file=a.img", "the path stands first, without file=", "write a.img"),
      ("a.img,readonly=yes", "readonly=yes", "readonly=on or readonly=off"),
      ("a.img,cache=writebak", "cache=writebak", "did you mean cache=writeback?"),
      ("a.img,cache=directsync", "cache=directsync", "cache is writeback, none, unsafe"),
      ("a.img,io=aio", "io=aio", "io is auto, uring, threads"),
      ("a.img,queues=two", "queues=two is no number", "queues=1"),
      ("a.img,queues=2,queues=2", "key \"queues\" given twice", nil),
      ("a.img,format=qcow2", "format=qcow2 is not known", "raw"),
    ] as [(String, String, String?)])
  func `a mistake is told`(text: String, error: String, hint: String?) {
    let failure = #expect(throws: Failure.self) { try DiskWish(text) }
    #expect(failure?.status == .usage)
    #expect(failure?.message.hasPrefix("--disk") == true)
    #expect(failure?.message.contains(error) == true)
    #expect(hint == nil || failure?.hint?.contains(hint ?? "") == true, "\(failure?.hint ?? "no hint")")
  }

  private func disk(_ path: String = "a", _ change: (inout DiskWish) -> Void = { _ in })
    -> DiskWish
  {
    var disk = DiskWish(path: path)
    change(&disk)
    return disk
  }

  private func refusal(_ disks: [DiskWish]) -> DiskWishError? {
    do throws(DiskWishError) {
      try DiskWish.check(disks)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [-1, 0, 65, Int.max])
  func `a number of queues that no disk has is refused`(count: Int) {
    #expect(refusal([disk { $0.queues = count }]) == .queues("a", count))
  }

  @Test func `a serial number is short and ASCII`() {
    #expect(refusal([disk { $0.serial = "12345678901234567890" }]) == nil)
    for serial in ["123456789012345678901", "nümmer", "a\nb"] {
      #expect(refusal([disk { $0.serial = serial }]) == .serial("a", serial))
      #expect(refusal([disk { $0.id = serial }]) == .serial("a", serial))
    }
  }

  @Test func `two disks have two names`() {
    #expect(refusal([disk { $0.id = "x" }, disk("b") { $0.id = "x" }]) == .idGivenTwice("x"))
    #expect(refusal([disk { $0.id = "x" }, disk("b") { $0.id = "y" }]) == nil)
  }
}
