import ProcessSupport

/// Waits until `isReached`, which nothing announces; throws where it never is.
func eventually(_ isReached: () throws -> Bool) async throws {
  let limit = ContinuousClock.now + .seconds(Patience.seconds)
  while try !isReached() {
    guard ContinuousClock.now < limit else { throw CancellationError() }
    try await Task.sleep(for: .milliseconds(5))
  }
}
