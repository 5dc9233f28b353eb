import Glibc
import ProcessSupport
import SystemPackage
import Testing

/// What a guest was told to be on its disk survives the sudden death of its machine, whenever that comes.
///
/// The guest, guests/ledger, writes numbered sectors four at a time, flushes, and tells the last number.
@Suite(.program, .kvm) struct DiskKillTests {
  /// Sectors that the guest uses in turns; number n goes to sector n % entries.
  private static let entries = 64
  private static let rounds = 25
  /// The last word of each entry.
  private static let mark: UInt32 = 0x7267_646C

  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  @Test(arguments: ["io=threads", "io=auto", "cache=none", "queues=2,cache=unsafe"])
  func `a machine that is killed loses no entry that its guest told`(way: String) throws {
    let path = try scratch.file("ledger.img", [UInt8](repeating: 0, count: 1 << 20))
    var last: UInt32 = 0
    for round in 0..<Self.rounds {
      let machine = try SwiftVMProgram.start("ledger", ["-d", "\(path),\(way)"])
      // Its greeting, and then some of its lines of nine bytes; the guest is amid a later round then.
      try machine.waitForOutput(count: 7 + 9 * Int.random(in: 1...30))
      usleep(UInt32.random(in: 0...2000))
      machine.signal(SIGKILL)
      #expect(try machine.waitForEnd() == 128 + SIGKILL)
      let lines = machine.outputText.split(separator: "\r\n").flatMap { $0.split(separator: "\n") }
      // What was cut off is no number yet.
      let told = lines.dropFirst().filter { $0.count == 8 }.compactMap { UInt32($0, radix: 16) }
      let first = try #require(told.first, "\(machine.outputText) \(machine.error)")
      // It went on from what it found, which is at least what it told before.
      #expect(first > last, "round \(round)")
      last = try #require(told.max())
      try check(last, "round \(round), killed after \(last)")
    }
    #expect(last >= UInt32(Self.rounds))
  }

  /// A disk of a lesson's, and others that could be taken for a ledger's.
  @Test(arguments: [0x74, 0xFF, 0x01] as [UInt8])
  func `what is not the guest's own on a disk is told of, and does not count`(byte: UInt8) throws {
    let path = try scratch.file("ledger.img", [UInt8](repeating: byte, count: 1 << 20))
    for isOwn in [false, true] {
      let machine = try SwiftVMProgram.start("ledger", ["-d", path])
      let greeting = "ledger\n" + (isOwn ? "" : "what else the disk holds is written over\n")
      // Once round the disk.
      try machine.waitForOutput(count: greeting.utf8.count + 9 * 20)
      machine.signal(SIGINT)
      #expect(try machine.waitForEnd() == 0)
      #expect(machine.outputText.hasPrefix(greeting), "\(machine.outputText)")
      let first = UInt32(machine.outputText.dropFirst(greeting.count).prefix(8), radix: 16)
      // Four entries are told of together.
      #expect(try isOwn ? #require(first) > 4 : first == 4, "\(machine.outputText)")
    }
  }

  /// Every number up to `last` must be there, or one that came later into its place.
  private func check(_ last: UInt32, _ comment: String) throws {
    let bytes = try scratch.content("ledger.img")
    let lowest = last > UInt32(Self.entries) ? last - UInt32(Self.entries) + 1 : 1
    for number in lowest...last {
      let sector = Int(number) % Self.entries
      let words = stride(from: sector * 512, to: sector * 512 + 512, by: 4).map { offset in
        bytes[offset..<offset + 4].reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
      }
      let found = words[0]
      #expect(
        found >= number && (found - number) % UInt32(Self.entries) == 0,
        "\(comment): sector \(sector) has \(found), not \(number)")
      // A sector that is being written when the machine dies is not promised to anybody.
      if found <= last {
        #expect(
          words.dropLast().allSatisfy { $0 == found } && words.last == Self.mark,
          "\(comment): sector \(sector) is torn")
      }
    }
  }
}
