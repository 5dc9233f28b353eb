/// The Mann-Whitney U test, exact: how probable it is that two lists of numbers from the same source are told apart by
/// their ranks as well as these, or better.
enum RankTest {
  /// - Returns: 1 where one of the lists is empty. Equal numbers count as half a win each.
  static func probability(_ first: [Double], _ second: [Double]) -> Double {
    guard !first.isEmpty, !second.isEmpty else { return 1 }
    var wins = 0.0
    for value in first {
      for other in second { wins += value > other ? 1 : value == other ? 0.5 : 0 }
    }
    let pairs = Double(first.count * second.count)
    // Two-sided, and a half is rounded to the less remarkable side.
    let remarkable = Int(min(wins, pairs - wins).rounded(.up))
    let ways = waysToWin(first.count, second.count)
    let tail = ways.prefix(remarkable + 1).reduce(0, +)
    return min(1, 2 * tail / ways.reduce(0, +))
  }

  /// How many orders of `first` and `second` different numbers have 0, 1, 2, ... pairs that the first list wins.
  private static func waysToWin(_ first: Int, _ second: Int) -> [Double] {
    // Gauss' binomial coefficient, a factor (1 - q^(second + i)) / (1 - q^i) at a time; scaled, as only shares matter.
    let degree = first * second
    var ways = [Double](repeating: 0, count: degree + 1)
    ways[0] = 1
    for index in 1...first {
      let factor = second + index
      if factor <= degree {
        for power in stride(from: degree, through: factor, by: -1) { ways[power] -= ways[power - factor] }
      }
      if index <= degree {
        for power in index...degree { ways[power] += ways[power - index] }
      }
    }
    return ways
  }
}
