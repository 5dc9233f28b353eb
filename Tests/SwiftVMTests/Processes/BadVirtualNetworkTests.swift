import ProcessSupport
import Testing

/// Networks that cannot be had. Each error names what, and each hint what to do.
@Suite(.program, .root) struct BadVirtualNetworkTests {
  struct Case: Sendable, CustomTestStringConvertible {
    /// Lines of bash; the last one runs swiftvm, which must fail.
    let script: String
    let error: String
    let hint: String

    init(_ script: String, _ error: String, _ hint: String) {
      (self.script, self.error, self.hint) = (script, error, hint)
    }

    var testDescription: String { error }
  }

  private static let run = #""$vm" run --flat "$guests/halt.bin" -m 16 --serial null"#

  @Test(
    .kvm,
    arguments: [
      Case(
        "setpriv --bounding-set=-net_admin --inh-caps=-net_admin \(run) --net nat",
        "--net nat=default: this needs the privilege",
        "--net user needs none; or have an administrator once run `sudo swiftvm net up && sudo ip tuntap add dev tap0 mode tap user $USER && sudo ip link set dev tap0 master svbr0 up` and give --net tap=tap0; or run it with sudo"
      ),
      Case(
        "setpriv --bounding-set=-net_admin --inh-caps=-net_admin \(run) --net nat=lab", "CAP_NET_ADMIN",
        "sudo swiftvm net up --name lab && "),
      Case(
        "setpriv --bounding-set=-net_admin --inh-caps=-net_admin \(run) --net bridge=br0", "CAP_NET_ADMIN",
        "run `sudo ip tuntap add dev tap0 mode tap user $USER && sudo ip link set dev tap0 master br0 up` and"
      ),
      Case(
        "\"$vm\" net up >/dev/null; setpriv --bounding-set=-net_admin --inh-caps=-net_admin \(run) --net nat",
        "CAP_NET_ADMIN", "run `sudo ip tuntap add dev tap0"),
      Case("\(run) --net user,queues=2", "--net: user networking has one queue", "leave queues out"),
      Case("\(run) --net user,vhost=on", "--net: vhost=on", "leave vhost out"),
      Case(
        "busybox httpd -p 8080; \(run) --net user --publish 8080:80",
        "port 8080/tcp of this host: Address already in use", "ss -lntp sport = :8080"),
      Case(
        "setpriv --bounding-set=-net_bind_service --inh-caps=-net_bind_service \(run) --net user --publish 80:80",
        "port 80/tcp of this host: Permission denied", "ports below 1024"),
      Case(
        "mount --bind /dev/null \"$(command -v dnsmasq)\"; \(run) --net nat", "no program dnsmasq",
        "apt-get install dnsmasq-base"),
      Case(
        "mount --bind /dev/null \"$(command -v nft)\"; \(run) --net nat", "no program nft",
        "apt-get install nftables"),
      Case("\(run) --net bridge=br7", "there is no interface br7", "this host has no bridge"),
      Case("\(run) --net bridge=lo", "lo is an interface, but no bridge", "--net nat"),
      Case("\(run) --net nat=lab", "--net nat=lab: there is no network", "swiftvm net up --name lab"),
      Case(
        "machine web; \(run) --name web", "--name web: a machine of this name runs", "swiftvm list"),
      Case(
        "busybox httpd -p 8080; \(run) --net nat --publish 8080:80",
        "port 8080/tcp of this host: Address already in use",
        "ss -lntp sport = :8080"),
      Case(
        "machine web --net nat --publish 8080:80; \(run) --net nat --publish 127.0.0.1:8080:80",
        "port 8080/tcp is published by machine web", "another port"),
      Case(
        "\(run) --net nat --publish 198.51.100.1:8080:80", "port 8080/tcp of this host: Cannot assign",
        "this host's addresses"),
      Case(
        "setpriv --bounding-set=-net_bind_service --inh-caps=-net_bind_service \(run) --net nat --publish 80:80",
        "port 80/tcp of this host: Permission denied", "ports below 1024"),
      Case(
        "machine web --net nat --net tap=svtap7; \(run) --net nat,mac=$(mac_of web)",
        "another card on network default",
        "leave mac out"),
    ])
  func `a machine does not start, and says why`(bad: Case) async throws {
    expectFailure(bad, try await NetworkScript.run(bad.script))
  }

  @Test(arguments: [
    Case(
      "setpriv --reuid=65534 \"$vm\" net up", "net up: this needs the privilege",
      "run it with sudo; a machine's --net user"),
    Case(
      "ip address add 10.77.0.9/24 dev lo; \"$vm\" net up --subnet 10.77.0.0/16",
      "--subnet 10.77.0.0/16 is in use: lo has 10.77.0.9/24",
      "`swiftvm net up --subnet 192.168.122.0/24`"),
    Case(
      "\"$vm\" net up --subnet 10.77.0.0/24 >/dev/null; \"$vm\" net up --name b --subnet 10.77.0.128/25",
      "is in use: network default has 10.77.0.0/24", "--subnet 192.168.122.0/24`"),
    Case(
      "\"$vm\" net up >/dev/null; \"$vm\" net up --subnet 10.77.0.0/24",
      "network default is up already, and different",
      "net down"),
    Case("\"$vm\" net up --subnet 10.77.0.0", "not an IPv4 subnet", "192.168.150.0/24"),
    Case("\"$vm\" net up --name ../x", "not a name for a network", "letters"),
    Case("\"$vm\" net down", "there is no network default", "net list"),
    Case("\"$vm\" net status --name lab", "there is no network lab", "net up --name lab"),
    Case("\"$vm\" ip web", "no machine named web runs", "swiftvm list"),
    Case("\"$vm\" net sideways", "there is no command sideways", "down, list, status, up"),
  ])
  func `a command fails, and says why`(bad: Case) async throws {
    expectFailure(bad, try await NetworkScript.run(bad.script))
  }

  @Test(.kvm) func `a network in use stays up unless forced down`() async throws {
    let script = "machine web --net nat; \"$vm\" net down"
    expectFailure(
      Case(script, "network default is in use by web (process ", "--force"),
      try await NetworkScript.run(script))
    let lines = try await NetworkScript.lines(
      """
      state > /run/before
      machine web --net nat
      "$vm" net down --force
      end_machine web
      state | diff - /run/before && echo as it was
      """)
    #expect(lines == ["network default: down", "as it was"])
  }

  @Test func `a step that fails takes back those before it`() async throws {
    let lines = try await NetworkScript.lines(
      """
      state > /run/before
      printf '#!/bin/sh\\necho "no room for leases" >&2; exit 3\\n' > /run/dnsmasq
      chmod +x /run/dnsmasq
      PATH=/run:$PATH "$vm" net up 2>&1 | head -n 1
      state | diff - /run/before && echo as it was
      """)
    #expect(lines.first?.hasSuffix(": no room for leases") == true && lines.last == "as it was", "\(lines)")
  }

  private func expectFailure(_ bad: Case, _ outcome: Program.Outcome) {
    let status: Int32 = bad.error.contains("no program") ? 4 : 2
    SwiftVMTests.expectFailure(outcome, status: status, error: bad.error, hint: bad.hint)
  }
}
