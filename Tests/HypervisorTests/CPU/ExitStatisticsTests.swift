import Devices
import Testing

@testable import Hypervisor

struct ExitStatisticsTests {
  private let statistics: ExitStatistics
  private let recorder: ExitRecorder

  init() throws {
    var ports = AddressSpaceBuilder()
    try ports.map(DebugPort(power: try PowerControl()), name: "a port", base: 0xF4, size: 4)
    var memory = AddressSpaceBuilder()
    try memory.map(DebugPort(power: try PowerControl()), name: "a window", base: 0xF_0000_0000, size: 4)
    let dispatcher = ExitDispatcher(ports: ports.seal(), memory: memory.seal())
    statistics = ExitStatistics(id: 3, buses: BusPlaces(dispatcher), kernel: nil)
    recorder = ExitRecorder(statistics.cells)
    recorder.begin()
  }

  private func access(_ port: UInt16, count: UInt32 = 1) -> PortAccess {
    PortAccess(port: port, width: 1, count: count, dataOffset: 0)
  }

  private func note(_ exit: VCPUExit, times: Int = 1) {
    for _ in 0..<times { recorder.note(exit, since: ExitRecorder.now) }
  }

  @Test func `each exit is counted by its reason, the most frequent first`() {
    note(.portWrite(access(0xF4)), times: 5)
    note(.portRead(access(0xF4)), times: 3)
    note(.portWrite(access(0xF4, count: 9)), times: 2)
    note(.mmioRead(address: 0xF_0000_0003, width: 1), times: 4)
    note(.halt)
    let report = statistics.report
    #expect(report.vcpu == 3)
    #expect(report.reasons.map(\.reason) == [.portWrite, .mmioRead, .portRead, .stringPort, .halt])
    #expect(report.reasons.map(\.count) == [5, 4, 3, 2, 1])
    for reason in report.reasons {
      #expect(reason.median <= reason.percentile99)
      #expect(reason.total <= report.elapsed)
    }
  }

  @Test func `the busiest addresses have the names of what answers there`() {
    note(.portWrite(access(0xF5)), times: 2)
    note(.mmioWrite(address: 0xF_0000_0003, width: 1, value: 0), times: 3)
    note(.portRead(access(0x10)))
    // The same address on the other bus is another place.
    note(.mmioWrite(address: 0xF5, width: 1, value: 0), times: 4)
    let places = statistics.report.places
    #expect(places.map(\.address) == [0xF5, 0xF_0000_0003, 0xF5, 0x10])
    #expect(places.map(\.device) == [nil, "a window", "a port", nil])
    #expect(places.map(\.count) == [4, 3, 2, 1])
    #expect(statistics.report.otherPlaces == 0)
  }

  @Test func `a guest that goes everywhere fills the table and loses no count`() {
    for index in 0..<10_000 as Range<UInt64> { note(.mmioRead(address: index << 12, width: 4)) }
    note(.mmioRead(address: 1 << 51, width: 8), times: 7)
    let report = statistics.report
    #expect(report.places.count <= ExitCells.Place.placeCount)
    #expect(report.places.count > ExitCells.Place.placeCount / 2)
    #expect(report.places.reduce(report.otherPlaces) { $0 + $1.count } == 10_007)
    #expect(report.reasons.map(\.count) == [10_007])
  }

  @Test func `the time stands still when the vCPU has ended`() {
    recorder.end()
    let first = statistics.cells[ExitCells.Place.end]
    note(.halt)
    #expect(statistics.cells[ExitCells.Place.end] == first)
    #expect(statistics.cells[ExitCells.Place.start] <= first)
  }

  @Test func `a recorder without cells is off`() {
    #expect(recorder.isOn)
    #expect(!ExitRecorder(nil).isOn)
  }
}
