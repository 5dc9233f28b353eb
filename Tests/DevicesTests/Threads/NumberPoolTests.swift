import Testing

@testable import Devices

struct NumberPoolTests {
  @Test func `every number below the limit is handed out once, and then none`() {
    var pool = NumberPool(limit: 3)
    #expect([pool.take(), pool.take(), pool.take()] == [0, 1, 2])
    #expect(pool.take() == nil)
    let (hasRoom, count) = (pool.hasRoom, pool.takenCount)
    #expect(!hasRoom)
    #expect(count == 3)
  }

  @Test func `the number that came back last is handed out first`() {
    var pool = NumberPool(limit: 4)
    for _ in 0..<3 { _ = pool.take() }
    pool.giveBack(0)
    pool.giveBack(2)
    let count = pool.takenCount
    #expect(count == 1)
    #expect([pool.take(), pool.take(), pool.take(), pool.take()] == [2, 0, 3, nil])
    let everTaken = pool.everTaken
    #expect(everTaken == 4)
  }

  @Test func `a pool of none hands out none`() {
    var pool = NumberPool(limit: 0)
    #expect(pool.take() == nil)
    let count = pool.takenCount
    #expect(count == 0)
  }
}
