import Hypervisor
import Testing

@testable import swiftvm

@Suite("passt's arguments")
struct UserNetworkArgumentTests {
  private func ports(_ texts: String...) throws -> [String] {
    let arguments = UserNetwork.arguments(mtu: 1400, ports: try texts.map { try PublishOption.parse($0) })
    #expect(arguments.contains("1400"))
    return Array(arguments.drop { $0 != "--tcp-ports" })
  }

  @Test func `a published port leads to the guest's, and to no other`() throws {
    #expect(
      try ports("8080:80", "127.0.0.1:2222:22") == [
        "--tcp-ports", "8080:80", "--tcp-ports", "127.0.0.1/2222:22", "--udp-ports", "none",
      ])
    #expect(try ports("53:5353/udp") == ["--tcp-ports", "none", "--udp-ports", "53:5353"])
    #expect(try ports() == ["--tcp-ports", "none", "--udp-ports", "none"])
  }
}
