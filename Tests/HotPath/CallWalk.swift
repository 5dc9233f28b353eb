internal import Testing

/// All that a set of functions can reach by direct calls.
///
/// Swift's functions are followed wherever they are, into its own library too. The rest, the C library
/// and Swift's runtime, are leaves.
struct CallWalk {
  /// A function, by a part of its name, behind which the walk does not look.
  struct ColdPath: Hashable {
    let name: String
    let reason: String
  }

  /// What each function is called by, the roots aside.
  private(set) var callers: [String: String] = [:]
  private(set) var meanings: [String: String] = [:]
  /// Symbols that are not Swift's own functions, and what could not be read.
  private(set) var leaves: Set<String> = []
  /// The cold paths that were met.
  private(set) var met: Set<ColdPath> = []
  /// Calls by way of a register or a table: to devices, whose functions are roots of their own.
  private(set) var hasIndirectCalls = false

  /// Where a fault is thrown that ends a queue's work.
  static let queueFault = ColdPath(
    name: "witness table accessor for type Devices.QueueFault ", reason: "a fault ends the queue's work")

  /// What every path may call, as the process ends there.
  static let endings: Set<String> = ["__stack_chk_fail", "__stack_chk_fail_local"]

  /// Walks through the release build.
  init(from roots: [String], notInto coldPaths: [ColdPath] = []) async throws {
    let executable = try await ReleaseBuild.executable.value
    meanings = try await Executable.meanings(of: roots)
    var next = roots
    while !next.isEmpty {
      var found: Set<String> = []
      for (caller, callees) in try await executable.callees(of: next) {
        for callee in callees {
          switch callee {
          case .function(let name): note(name, by: caller, &found)
          case .unknown(let operand): note(operand, by: caller, &found)
          case .indirect: hasIndirectCalls = true
          case .picked: break
          }
        }
      }
      let names = try await Executable.meanings(of: found.sorted())
      meanings.merge(names) { first, _ in first }
      next = found.sorted().filter { symbol in
        let cold = coldPaths.first { names[symbol]?.contains($0.name) ?? false }
        if let cold { met.insert(cold) }
        return cold == nil
      }
    }
  }

  private mutating func note(_ callee: String, by caller: String, _ found: inout Set<String>) {
    guard meanings[callee] == nil, callers[callee] == nil else { return }
    callers[callee] = caller
    if callee.hasPrefix("$s") { found.insert(callee) } else { leaves.insert(callee) }
  }

  /// Expects it to have met all of the cold paths and nothing but `allowed` and what ends the process.
  func expectOnly(
    _ allowed: Set<String>, coldPaths: [ColdPath], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let violations = leaves.subtracting(allowed).subtracting(Self.endings).sorted()
    #expect(
      violations.isEmpty, Comment(rawValue: violations.map(way).joined(separator: "\n")),
      sourceLocation: sourceLocation)
    #expect(
      met == Set(coldPaths),
      "an exception that nothing needs: \(Set(coldPaths).subtracting(met).map(\.name))",
      sourceLocation: sourceLocation)
  }

  /// How the walk came to `leaf`, from the leaf back to a root.
  func way(to leaf: String) -> String {
    var steps = [leaf]
    while let last = steps.last, let caller = callers[last] { steps.append(caller) }
    return steps.map { meanings[$0] ?? $0 }.joined(separator: "\n    called by ")
  }
}
