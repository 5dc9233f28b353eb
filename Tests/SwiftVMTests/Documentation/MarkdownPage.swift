import ProcessSupport

/// A page of the repository, without its code.
struct MarkdownPage {
  /// From the repository's top.
  let path: String
  /// What it says outside of code blocks and code spans.
  let text: String

  init(_ path: String) async throws {
    self.path = path
    var isCode = false
    text = try await Self.content(path).split(separator: "\n", omittingEmptySubsequences: false)
      .filter { line in
        if line.hasPrefix("```") { isCode.toggle() }
        return !isCode && !line.hasPrefix("    ")
      }
      .joined(separator: "\n").replacing(/`[^`]*`/, with: "code")
  }

  /// All pages but the book's, whose links are docc's to check.
  static func all() async throws -> [String] {
    try await Program.run(
      "find",
      [
        ".", "-name", "*.md", "-not", "-path", "*/.*/*", "-not", "-path", "./Book/*", "-printf", "%P\\n",
      ]
    ).output.split(separator: "\n").map(String.init)
  }

  static func content(_ path: String) async throws -> String {
    try await Program.run("cat", ["\(Repository.root)/\(path)"]).output
  }

  /// Where its links lead, but for those to other places of the world.
  var links: [String] {
    text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }.filter { !$0.contains("://") }
  }

  /// The anchors that its headings make: lower case, hyphens for spaces, no other signs.
  var anchors: [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
      let title = line.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
      return String(title.compactMap { $0 == " " ? "-" : $0.isLetter || $0.isNumber || $0 == "-" ? $0 : nil })
    }
  }

  /// The path that a link of this page leads to, from the repository's top.
  func target(of link: Substring) -> String {
    guard !link.isEmpty else { return path }
    let folder = path.split(separator: "/").dropLast()
    return (folder + [link]).joined(separator: "/")
  }
}
