import Testing

@testable import swiftvm

struct ListTableTests {
  @Test func `columns stand under each other, and no row ends in blanks`() {
    #expect(
      ListCommand.table([["NAME", "PID"], ["web", "4711"], ["database", "8"]]) == """
        NAME      PID
        web       4711
        database  8
        """)
  }

  @Test func `a name that another user wrote cannot steer the terminal`() {
    let table = ListCommand.table([["NAME"], ["\u{1B}[2Jvm\r\n\u{9B}31m"]])
    #expect(table == "NAME\n?[2Jvm???31m")
  }
}
