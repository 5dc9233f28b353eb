import ProcessSupport
import Testing

/// The book "How swiftvm works".
@Suite(.program) struct BookTests {
  static let folder = "Book/Book.docc"
  static let chapters = [
    "What-is-dev-kvm", "The-life-of-an-exit", "Guest-memory", "Interrupts", "A-virtqueue-in-pictures",
    "A-disk-request", "Boot", "Where-time-goes",
  ]

  /// Runs a line of bash with `$out`, a folder that goes away, and with more time than programs of our own get.
  private static func shell(_ line: String) async throws -> Program.Outcome {
    try await Program.run(
      "timeout",
      [
        "-k", "5", "\(Patience.seconds)", "bash", "-c",
        "out=$(mktemp -d) && trap 'rm -rf $out' EXIT\n\(line)",
      ])
  }

  @Test(.docc) func `the book is built without a link that leads nowhere`() async throws {
    let outcome = try await Self.shell(".ci/docs $out && echo && ls $out/data/documentation/book")
    #expect(outcome.status == 0, "\(outcome.output.suffix(2000)) \(outcome.error)")
    for chapter in Self.chapters {
      #expect(outcome.output.contains("\n\(chapter.lowercased()).json\n"), "\(chapter)")
    }
  }

  @Test(.docc) func `a link that leads nowhere is found`() async throws {
    let outcome = try await Self.shell(
      """
      cp -r Book $out && echo 'See ``Hypervisor/NoSuchThing`` and <doc:No-such-chapter>.' >> $out/Book/Book.docc/Boot.md
      BOOK=$out/Book .ci/docs $out/site
      """)
    #expect(outcome.status != 0)
    for name in ["NoSuchThing", "No-such-chapter"] {
      #expect(outcome.output.contains(name) || outcome.error.contains(name), "\(outcome.output)")
    }
  }

  @Test(arguments: chapters)
  func `a chapter has a drawing, links to the code, and ends with something to run and to look at`(
    _ chapter: String
  ) async throws {
    let text = try await MarkdownPage.content("\(Self.folder)/\(chapter).md")
    #expect(text.contains(/\n!\[.+\]\([a-z-]+\)\n/))
    #expect(text.matches(of: /(``|<doc:)(Devices|Hypervisor|swiftvm)\//).count >= 3)
    let titles = text.matches(of: /\n## (.+)\n/).map { String($0.1) }
    #expect(titles.suffix(2) == ["Run it", "Look at it"])
    let words = text.split { $0.isWhitespace }.count
    #expect((800...1700).contains(words), "\(words) words")
  }

  @Test func `a drawing has no colour that stays as it is on a dark page`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      """
      cd Book
      for drawing in Book.docc/Resources/*.svg; do
        colours() { grep -o '#[0-9a-f]\\{6\\}' | sort -u; }
        comm -12 <(colours < $drawing) <(sed -f dark.sed $drawing | colours) | sed "s,^,$drawing ,"
      done
      """)
    // The ink of a light page is close to the ground of a dark one, and the other way round.
    #expect(outcome.output.split(separator: "\n").filter { !$0.hasSuffix("#f5f5f7") } == [])
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  @Test func `every drawing is shown, and every one shown is there`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      """
      cd \(Self.folder)
      diff <(grep -ho '^!\\[.*\\](.*)' *.md | sed 's/.*(//; s/)$//' | sort -u) <(ls Resources | sed 's/\\.svg$//' | sort)
      """)
    #expect(outcome.status == 0, "\(outcome.output)")
  }
}
