import Devices
import Testing

@Suite("Discarded console output")
struct DiscardedOutputTests {
  @Test func `all bytes are taken and counted`() {
    let output = DiscardedOutput()
    #expect(output.byteCount == 0)
    #expect(output.accept(0x41))
    let bytes = [UInt8](repeating: 7, count: 100_000)
    // The array outlives the call.
    #expect(unsafe bytes.withUnsafeBytes { unsafe output.accept($0) } == 100_000)
    #expect(output.byteCount == 100_001)
  }
}
