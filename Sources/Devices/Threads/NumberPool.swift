/// The numbers below a limit, each with one owner at a time: places in a table. Room for them is made once.
@safe
struct NumberPool: ~Copyable {
  let limit: UInt32
  /// Numbers that were ever taken: all below this.
  private(set) var everTaken: UInt32 = 0
  // `limit` elements, of which the first `returnedCount` are initialised: taken once, and not now.
  private let returned: UnsafeMutablePointer<UInt32>
  private var returnedCount: UInt32 = 0

  init(limit: UInt32) {
    self.limit = limit
    unsafe returned = .allocate(capacity: max(Int(limit), 1))
  }

  deinit {
    // UInt32 is trivial: nothing to deinitialise.
    unsafe returned.deallocate()
  }

  var takenCount: UInt32 { everTaken &- returnedCount }

  var hasRoom: Bool { takenCount < limit }

  /// The number that came back last, or else the lowest that was never taken; nil: all are taken.
  mutating func take() -> UInt32? {
    if returnedCount > 0 {
      returnedCount &-= 1
      // One of the initialised ones.
      return unsafe returned[Int(returnedCount)]
    }
    guard everTaken < limit else { return nil }
    everTaken &+= 1
    return everTaken &- 1
  }

  /// - Precondition: `number` is taken.
  mutating func giveBack(_ number: UInt32) {
    precondition(takenCount > 0 && number < everTaken, "a number came back that nobody has")
    // Fewer were returned than taken, so there is room.
    unsafe (returned + Int(returnedCount)).initialize(to: number)
    returnedCount &+= 1
  }
}
