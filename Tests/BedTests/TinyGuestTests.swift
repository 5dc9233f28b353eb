internal import Glibc
internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// The tests of KVMTests once more, on the KVM of the nested machine: what a host's own KVM does not
  /// show, because it emulates or is not there at all.
  @Suite struct TinyGuests {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    private static let filter = ["--testing-library", "swift-testing", "--filter", #"^KVMTests\."#]

    /// Copies this process's program and its libraries to where L1 sees them.
    private static let copyProgram = """
      . Tests/Bed/lib.sh
      program=$(readlink -f "/proc/$0/exe")
      rm -rf "$bed/program"
      add_program "$bed/program" "$program"
      echo "$program"
      """

    /// In L1's memory, as the files of the host are slow to map there.
    private static let runProgram = """
      cp -r /bed/program /tmp/program
      libraries=$(find /tmp/program -name '*.so*' -exec dirname {} \\; | sort -u | tr '\\n' ':')
      run() { SWIFTVM_TESTS=all LD_LIBRARY_PATH=$libraries "/tmp/program$@" 2>&1; }

      """

    @Test func `every test of KVMTests passes in the nested machine too`() async throws {
      let copied = try await Program.run("bash", ["-c", Self.copyProgram, "\(getpid())"])
      try #require(copied.status == 0, Comment(rawValue: copied.error))
      let program = String(copied.output.prefix { !$0.isNewline })
      let list = try await Program.run(program, ["--testing-library", "swift-testing", "--list-tests"])
      let tests = list.output.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("KVMTests.") }
      try #require(!tests.isEmpty, Comment(rawValue: list.error))

      let arguments = Self.filter.map { "'\($0)'" }.joined(separator: " ")
      let outcome = try await l1.run(Self.runProgram + "run '\(program)' \(arguments)")
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.lines.filter { $0.contains(" recorded an issue") } == [])
      // After a mark of one character; a name is in quotation marks.
      let results = outcome.lines.filter { $0.dropFirst().hasPrefix(" Test \"") }
      let passed = results.filter { $0.contains(" passed after ") }
      let skipped = results.filter { $0.contains(" skipped: ") }
      #expect(passed.count + skipped.count == tests.count, outcome.comment)
      // L1's KVM runs every instruction on its CPU, so there is none that it could not emulate.
      #expect(skipped.count == 1, outcome.comment)
      #expect(skipped.allSatisfy { $0.contains("cannot emulate") })
    }
  }
}
