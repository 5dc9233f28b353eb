/// Waits until `isReached`, which nothing announces; throws where that takes minutes.
func eventually(_ isReached: () throws -> Bool) async throws {
  let limit = ContinuousClock.now + .seconds(240)
  while try !isReached() {
    guard ContinuousClock.now < limit else { throw CancellationError() }
    try await Task.sleep(for: .milliseconds(5))
  }
}
