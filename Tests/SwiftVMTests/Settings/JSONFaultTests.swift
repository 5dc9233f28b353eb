import Testing

@testable import swiftvm

struct JSONFaultTests {
  private func fault(_ text: String) -> String? { JSONFault(in: Array(text.utf8))?.description }

  @Test(arguments: [
    "{}", "[]", " [ ] ", "1", "-0.5e+3", "\"\"", "null", "[1, [true, {}], {\"a\": {\"b\": [null, false]}}]",
    "{\"a\": \"\\u00e9\\n\\\"\"}\n", "{\"a\":1,\"b\":[\"é\",2E9]}",
  ])
  func `of JSON there is nothing to say`(text: String) {
    #expect(fault(text) == nil)
  }

  @Test(arguments: [
    ("", "line 1, column 1: a value"), ("{", "line 1, column 2: a key in quotes, or \"}\","),
    ("{\"a\"}", "line 1, column 5: \":\""), ("{\"a\": }", "line 1, column 7: a value"),
    ("{\"a\": 1,}", "line 1, column 9: a key in quotes"), ("[1,]", "line 1, column 4: a value"),
    ("[1", "line 1, column 3: \",\" or \"]\""), ("[1}", "line 1, column 3: \",\" or \"]\""),
    ("{\n\t\"a\": 1\n\t\"b\": 2\n}", "line 3, column 2: \",\" or \"}\""),
    ("{\"a\": tru}", "line 1, column 7: a value"),
    ("{'a': 1}", "line 1, column 2: a key in quotes, or \"}\","),
    ("{\"a\": \"b}", "line 1, column 10: a quote"),
    ("{\"a\": \"b\n\"}", "line 1, column 9: a quote, as a text ends"),
    ("\"\\x\"", "line 1, column 3: an escape"), ("\"\\u12g4\"", "line 1, column 6: a hexadecimal digit"),
    ("01", "line 1, column 2: the end of the text"), ("1.", "line 1, column 3: a digit"),
    ("-", "line 1, column 2: a digit"), ("1e", "line 1, column 3: a digit"),
    ("{} x", "line 1, column 4: the end"),
    ("{\"a\": 1} // b", "line 1, column 10: the end of the text"),
  ])
  func `where it ends is told by line and column`(text: String, place: String) {
    #expect(fault(text)?.hasPrefix(place) == true, "\(fault(text) ?? "nothing")")
    #expect(fault(text)?.hasSuffix(" is expected") == true)
  }

  @Test func `nesting without end costs no stack`() {
    #expect(fault(String(repeating: "[", count: 1_000_000))?.contains("column 1000001: a value") == true)
  }
}
