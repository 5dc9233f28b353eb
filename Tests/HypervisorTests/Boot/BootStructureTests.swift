import Devices
import Testing

@testable import Hypervisor

struct BootStructureTests {
  @Test func `what the boot needs does not overlap`() {
    let all = BootStructure.allCases
    for (index, structure) in all.enumerated() {
      for other in all.dropFirst(index + 1) {
        #expect(!structure.range.overlaps(other.range), "\(structure.name) and \(other.name)")
      }
    }
  }
}
