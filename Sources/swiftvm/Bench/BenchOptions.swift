internal import Hypervisor

/// What a person may ask `bench exits` for.
enum BenchOptions {
  /// - Returns: each kind once, in the order given; all of them when none is named.
  static func kinds(_ names: [String]) throws(Failure) -> [ExitKind] {
    guard !names.isEmpty else { return ExitKind.allCases }
    var kinds: [ExitKind] = []
    for name in names {
      guard let kind = ExitKind(rawValue: name) else {
        let guess = name.nearest(of: ExitKind.allCases.map(\.rawValue)).map { "did you mean \($0)? " } ?? ""
        throw Failure(
          .usage, "there is no kind of exit called \(name)",
          hint: guess + "`swiftvm bench exits --list` shows all")
      }
      if !kinds.contains(kind) { kinds.append(kind) }
    }
    return kinds
  }

  static func repetitions(_ number: Int) throws(Failure) -> Int {
    try checked(number, ExitBench.repetitionLimits, "--repetitions")
  }

  static func samples(_ number: Int) throws(Failure) -> Int {
    try checked(number, ExitBench.sampleLimits, "--samples")
  }

  private static func checked(_ number: Int, _ limits: ClosedRange<Int>, _ option: String) throws(Failure)
    -> Int
  {
    guard limits.contains(number) else {
      throw Failure(
        .usage, "\(option) \(number): must be \(limits.lowerBound) to \(limits.upperBound)",
        hint: option == "--samples"
          ? "more repetitions tell more than more samples" : "5 or more can be compared")
    }
    return number
  }

  /// - Parameters:
  ///   - text: numbers with commas between, `none`, or nil for one CPU of those allowed to each thread.
  ///   - allowed: the CPUs that this process may run on.
  static func cpus(_ text: String?, allowed: [Int32]) throws(Failure) -> [Int32] {
    guard let text else { return allowed }
    if text == "none" { return [] }
    var cpus: [Int32] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let cpu = Int32(part), cpu >= 0 else {
        throw Failure(
          .usage, "--pin \(text): \"\(part)\" is no CPU", hint: "for example --pin 2,3, or --pin none")
      }
      guard allowed.contains(cpu) else {
        let list = allowed.map(String.init).joined(separator: ",")
        throw Failure(
          .usage, "--pin \(text): this process may not run on CPU \(cpu)", hint: "it may on \(list)")
      }
      guard !cpus.contains(cpu) else {
        throw Failure(
          .usage, "--pin \(text): CPU \(cpu) is there twice", hint: "each thread needs one of its own")
      }
      cpus.append(cpu)
    }
    return cpus
  }
}
