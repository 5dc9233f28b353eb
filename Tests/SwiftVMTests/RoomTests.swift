import ProcessSupport
import Testing

/// The rooms of the house and their doors, as Package.swift has them: what a target cannot name, it cannot come to need.
struct RoomTests {
  /// What each target of the product may depend on, besides Swift's own.
  private static let doors: [String: Set<String>] = [
    "CKVM": [], "CLinux": [], "CHost": ["CLinux"], "ExitGuests": [],
    "Devices": ["CLinux", "system"],
    "Hypervisor": ["Devices", "CKVM", "CLinux", "ExitGuests", "system", "histogram"],
    "swiftvm": ["Hypervisor", "Devices", "CHost", "CLinux", "system", "argumentParser"],
  ]

  /// The targets that are not the tests', with what they depend on.
  private func targets() async throws -> [String: Set<String>] {
    let text = try await Program.run("cat", ["\(Repository.root)/Package.swift"]).output
    var targets: [String: Set<String>] = [:]
    for part in text.split(separator: /\n    \.(?:executableT|t)arget\(/).dropFirst() {
      let end = part.firstRange(of: "\n    .")?.lowerBound ?? part.endIndex
      let declaration = String(part[..<end])
      guard let name = declaration.firstMatch(of: /name: "([^"]+)"/)?.1,
        !declaration.contains("path: \"Tests")
      else {
        continue
      }
      let list = declaration.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.1 ?? ""
      targets[String(name)] = Set(
        list.split { " ,\n".contains($0) }.map { $0.filter { $0 != "\"" } })
    }
    return targets
  }

  @Test func `no target has a door that it must not have`() async throws {
    let targets = try await targets()
    #expect(Set(targets.keys) == Set(Self.doors.keys))
    for (name, dependencies) in targets {
      #expect(dependencies.subtracting(Self.doors[name] ?? []) == [], "\(name)")
    }
  }

  @Test func `what devices have of Linux starts no program and opens no socket by a name`() async throws {
    let grep = try await Program.run(
      "grep",
      [
        "-rnwE", "v?fork|posix_spawnp?|exec[vl]p?e?|listen|connect|sockaddr_un",
        "\(Repository.root)/Sources/CLinux",
      ])
    #expect(grep.output == "" && grep.status == 1, "\(grep.output)")
    let calls = try await Program.run(
      "grep",
      [
        "-rnE", "(^|[^.[:alnum:]])(v?fork|posix_spawnp?|exec[vl]p?e?|bind)\\(",
        "\(Repository.root)/Sources/Devices",
      ])
    #expect(calls.output == "" && calls.status == 1, "\(calls.output)")
    let imports = try await Program.run(
      "grep",
      [
        "-rhoE", "--include=*.swift", "^ *(@[a-z]+ )?([a-z]+ )?import .*",
        "\(Repository.root)/Sources/Devices",
      ])
    let modules = Set(
      imports.output.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) })
    #expect(modules == ["CLinux", "SystemPackage", "Synchronization"])
  }
}
