import Testing

@testable import swiftvm

struct TraceReaderTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private static let event = #"{"name":"HLT","cat":"exit","ph":"X","pid":1,"tid":1,"ts":1.500,"dur":0.250}"#

  /// The events of a file with this content, and whether its end is missing.
  private func read(_ text: String) throws -> (events: [TraceEvent], isCutOff: Bool) {
    var reader = try TraceReader(try scratch.file("trace", Array(text.utf8)))
    var events: [TraceEvent] = []
    while let event = try reader.next() { events.append(event) }
    return (events, reader.isCutOff)
  }

  @Test func `a whole trace is read to its end`() throws {
    let (events, isCutOff) = try read("[\n\(Self.event),\n\(Self.event)\n]\n")
    #expect(events.count == 2)
    #expect(events.first?.name == "HLT" && events.first?.ts == 1.5 && events.first?.dur == 0.25)
    #expect(!isCutOff)
  }

  @Test func `one that is longer than a piece that is read at once is read to its end`() throws {
    let events = Array(repeating: Self.event, count: 10_000).joined(separator: ",\n")
    #expect(try read("[\n\(events)\n]\n").events.count == 10_000)
  }

  @Test func `one that ends anywhere is read up to there`() throws {
    let whole = "[\n\(Self.event),\n\(Self.event)\n]\n"
    for length in 1..<whole.utf8.count {
      let (events, isCutOff) = try read(String(whole.prefix(length)))
      #expect(events.count <= 2)
      #expect(isCutOff == (length < whole.utf8.count - 1))
    }
  }

  @Test(arguments: [
    "", "{}", "[]", "[\n{\"ph\":3},\n]\n", "[\nnull,\nnull\n]", "[\n{\"name\":\"a\"},\n\(event)\n]\n",
    "\u{0}\u{0}",
    "[\n{\"name\":\"a\",\"ph\":\"X\",\"ts\":\"soon\"},\n]\n",
  ])
  func `what is no trace is an error`(text: String) {
    #expect(throws: Failure.self) { try read(text) }
  }

  @Test func `brackets without end are an error, however deep they go`() {
    #expect(throws: Failure.self) { try read("[\n" + String(repeating: "[", count: 60_000) + "\n]\n") }
  }

  @Test func `a line without an end is an error, and not all of memory`() {
    #expect(throws: Failure.self) { try read("[\n" + String(repeating: "a", count: 200_000)) }
  }
}
