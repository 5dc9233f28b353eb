/// What a boot is made of. Each phase begins with something that can be seen from outside the guest.
struct BootPhases: Equatable {
  struct Phase: Equatable {
    let name: String
    /// Nanoseconds since swiftvm began.
    let begin, end: UInt64
  }

  /// The moments that phases begin at, in nanoseconds since swiftvm began; nil: not seen.
  struct Marks: Equatable {
    var load: UInt64?
    var finish: UInt64?
    var run: UInt64?
    /// The first exit whose instruction pointer is in the upper half of the address space: where Linux runs once it
    /// has unpacked itself, which it does at low addresses.
    var kernel: UInt64?
    var output: UInt64?
    var initialise: UInt64?
    var end: UInt64
  }

  /// In the order of time, without gaps.
  let phases: [Phase]

  init(_ marks: Marks) {
    let begins: [(name: String, begin: UInt64?)] = [
      ("swiftvm: files, memory, devices", 0),
      ("swiftvm: reading the kernel", marks.load),
      ("swiftvm: making the vCPUs", marks.finish),
      ("guest: at low addresses", marks.run),
      ("kernel, silent", marks.kernel),
      ("kernel, with a console", marks.output),
      ("init", marks.initialise),
    ]
    // A loader that talks, or a guest that is no Linux, may turn the order round.
    let seen = begins.enumerated().compactMap { index, mark in
      mark.begin.map { (index, mark.name, min($0, marks.end)) }
    }
    .sorted { ($0.2, $0.0) < ($1.2, $1.0) }
    phases = seen.enumerated().map { index, mark in
      Phase(name: mark.1, begin: mark.2, end: index + 1 < seen.count ? seen[index + 1].2 : marks.end)
    }
  }
}
