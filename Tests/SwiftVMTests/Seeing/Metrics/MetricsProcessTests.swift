import FoundationEssentials
import ProcessSupport
import Testing

/// `--metrics` of the release executable.
@Suite(.program, .kvm) struct MetricsProcessTests {
  private struct Sample: Decodable {
    struct Reason: Decodable {
      let reason: String
      let count: Int
    }
    struct Processor: Decodable {
      let vcpu: Int
      let exits: [Reason]
    }
    struct Disk: Decodable {
      let disk: String
      let writes: Int
    }
    let time: Double
    let vcpus: [Processor]
    let disks: [Disk]
  }

  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func samples() throws -> [Sample] {
    try scratch.content("metrics").split(separator: 0x0A).map {
      try JSONDecoder().decode(Sample.self, from: Data($0))
    }
  }

  @Test func `the last line of the file has all that the machine did`() async throws {
    let disk = try scratch.file("disk", [UInt8](repeating: 0, count: 100 * 512))
    let outcome = try await Lesson.run("virtio-blk", "-d", disk, "--metrics", scratch("metrics"))
    #expect(outcome.status == 0)
    // Without --exit-stats no table is told.
    #expect(outcome.error == "")
    let last = try #require(try samples().last)
    #expect(last.vcpus.map(\.vcpu) == [0])
    #expect(last.vcpus[0].exits.contains { $0.reason == "MMIO write" && $0.count > 0 })
    #expect(last.disks.map(\.disk) == [disk])
    #expect(last.disks[0].writes == 2)
  }

  @Test func `a line comes each second while the guest runs`() async throws {
    let program = try SwiftVMProgram.start("chatter", ["--serial", "null", "--metrics", scratch("metrics")])
    try await eventually {
      scratch.exists("metrics") ? try scratch.content("metrics").split(separator: 0x0A).count >= 3 : false
    }
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
    let samples = try samples()
    #expect(samples.count >= 4)
    let counts = samples.map { $0.vcpus[0].exits.reduce(0) { $0 + $1.count } }
    #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(counts.first ?? 0 < counts.last ?? 0)
    #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.time < $1.time })
  }

  @Test func `a socket gives whoever connects the numbers of the moment, and goes with the machine`() throws {
    let program = try SwiftVMProgram.start("idle", ["--metrics", "unix=\(scratch("sock"))"])
    try program.waitForOutput("up")
    for _ in 0..<2 {
      let client = try Connection(socket: scratch("sock"))
      try client.waitForEnd()
      let text = String(decoding: client.received, as: UTF8.self)
      expectOpenMetrics(text)
      #expect(text.contains("swiftvm_device_exits_total{vcpu=\"0\",device=\"COM1\",reason=\"port write\"}"))
    }
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
    #expect(!scratch.exists("sock"))
  }

  /// The next connection that the machine has room for.
  private func connection() async throws -> Connection {
    var connection: Connection?
    try await eventually {
      connection = try? Connection(socket: scratch("sock"))
      return connection != nil
    }
    return try #require(connection)
  }

  @Test func `readers who connect and do not read, or go away, hold up nobody`() async throws {
    let program = try SwiftVMProgram.start("idle", ["--metrics", "unix=\(scratch("sock"))"])
    try program.waitForOutput("up")
    var idlers: [Connection] = []
    for _ in 0..<30 {
      idlers.append(try await connection())
      _ = try await connection()
    }
    try await connection().waitForEnd()
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
    withExtendedLifetime(idlers) {}
  }

  // MARK: Bad places

  @Test func `a full disk ends the metrics, and the guest goes on`() async throws {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("port-exits", ["--on-reboot", "exit", "--metrics", "/dev/full"]))
    #expect(outcome.status == 0 && outcome.output.count == 17)
    #expect(
      outcome.error
        == "warning: metrics /dev/full: No space left on device: no more are written, the guest goes on\n")
  }

  @Test func `a place where nothing can be is refused before the guest runs`() async throws {
    func run(_ target: String) async throws -> Program.Outcome {
      try await SwiftVMProgram.run(
        SwiftVMProgram.running("serial", ["--on-reboot", "exit", "--metrics", target]))
    }
    expectFailure(
      try await run(scratch("no/metrics")), status: 2,
      error: "--metrics \(scratch("no/metrics")): No such file",
      hint: "directory")
    let file = try scratch.file("file", [1])
    expectFailure(
      try await run("unix=\(file)"), status: 2, error: "--metrics unix=\(file): Address already in use",
      hint: "another process")
    expectFailure(
      try await run("unix="), status: 2, error: "--metrics unix=: no such target", hint: "unix=PATH")
    #expect(try scratch.content("file") == [1])
  }
}
