import Testing

@testable import Devices

@Suite struct HostBridgeTests {
  @Test func `an address on bus 0 is a device below 32 and a function below 8`() {
    #expect(PCIAddress(device: 31, function: 7)?.index == 255)
    #expect(PCIAddress(device: 2, function: 1)?.description == "00:02.1")
    #expect(PCIAddress(device: 31)?.description == "00:1f.0")
    #expect(PCIAddress(device: 32) == nil)
    #expect(PCIAddress(device: 0, function: 8) == nil)
  }

  @Test func `the bridge itself is 00:00.0`() throws {
    let ecam = ECAMWindow(try HostBridge())
    #expect(low(4, of: ecam.read(at: 0, width: 4)) == 0x0008_1B36)
    #expect(low(4, of: ecam.read(at: 8, width: 4)) == 0x0600_0000)
    #expect(low(1, of: ecam.read(at: 0x0E, width: 1)) == 0)
    #expect(low(4, of: ecam.read(at: 0x100, width: 4)) == 0, "no extended capabilities")
  }

  @Test func `no function takes the bridge's own place`() throws {
    let address = try PCIAddress.at(0)
    #expect(throws: HostBridge.PlacementError.taken(address)) {
      try HostBridge(functions: [address: writableFunction(seed: 1)])
    }
  }

  @Test func `a device has a function 0`() throws {
    let address = try PCIAddress.at(3, 1)
    #expect(throws: HostBridge.PlacementError.functionZeroMissing(address)) {
      try HostBridge(functions: [address: writableFunction(seed: 1)])
    }
  }

  @Test func `a state brings the bridge's registers back`() throws {
    let saved = try HostBridge()
    saved.write(0x0006, at: 4, width: 2)
    let restored = try HostBridge()
    try restored.restore(saved.state)
    #expect(low(2, of: restored.read(at: 4, width: 2)) == 0x0006)
  }
}
