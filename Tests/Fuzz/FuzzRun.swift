import CLinux
import TestSupport

/// How long and from which numbers a fuzzer runs: a second from a fixed seed in `make test`, so that a
/// failure comes again; for as long as FUZZ_SECONDS says, from ever new seeds, in `make fuzz`.
struct FuzzRun {
  private let seconds: Int
  private let start: Int
  private(set) var seed: UInt64
  /// Seeds that once found something; they come first in every run.
  private let kept: [UInt64]

  init(seed: UInt64, kept: [UInt64] = []) {
    self.kept = kept
    // The environment does not change while tests run.
    let text = unsafe getenv("FUZZ_SECONDS").map { unsafe String(cString: $0) }
    seconds = text.flatMap { Int($0) } ?? 0
    start = Self.now
    self.seed = seconds > 0 ? UInt64.random(in: 0...UInt64.max) : seed
  }

  /// Calls `body` with new random numbers, again and again: `rounds` times, or until the time is over.
  func repeated(rounds: Int, _ body: (inout SeededRandom, UInt64) throws -> Void) rethrows {
    for seed in kept {
      var random = SeededRandom(seed: seed)
      try body(&random, seed)
    }
    var round = 0
    while seconds > 0 ? Self.now - start < seconds : round < rounds {
      let seed = self.seed &+ UInt64(round)
      var random = SeededRandom(seed: seed)
      try body(&random, seed)
      round += 1
    }
  }

  private static var now: Int {
    var time = timespec()
    // The call fills the local structure.
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec
  }
}
