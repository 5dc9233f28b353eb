import ProcessSupport
import Testing

/// The lessons about PCI and virtio, each a driver of its own.
@Suite(.program, .kvm) struct DeviceLessonTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  @Test func `a guest enumerates the functions on the bus, their memory and their capabilities`() async throws
  {
    let disk = try scratch.file("disk", [UInt8](repeating: 0, count: 4096))
    let outcome = try await Lesson.run("pci", "-d", disk)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.lines.first?.hasSuffix(" bridge") == true)
    let devices = outcome.lines.split { !$0.hasPrefix("  ") }
    let identities = outcome.lines.filter { !$0.hasPrefix("  ") }
    #expect(identities.contains { $0.contains(" 1af4:1044 other") })
    #expect(identities.contains { $0.contains(" 1af4:1042 storage") })
    #expect(devices.count == 2)
    for device in devices {
      #expect(device.first?.contains("base address 0: 32 KiB of memory at 0x") == true)
      for type in 1...3 { #expect(device.contains { $0.hasSuffix("the vendor's own, type \(type)") }) }
      #expect(device.contains { $0.hasSuffix("MSI-X, 2 messages") })
    }
  }

  @Test func `a guest's own driver writes a disk, flushes it and reads it back`() async throws {
    let disk = try scratch.file("disk", [UInt8](repeating: 0xEE, count: 100 * 512))
    let outcome = try await Lesson.run("virtio-blk", "-d", disk)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.lines.contains("the disk has 100 sectors"))
    #expect(outcome.lines.contains("written and flushed"))

    let content = try scratch.content("disk")
    #expect(content.count == 100 * 512)
    for sector in [0, 1, 2, 3, 96, 97, 98, 99] {
      let line = "sector \(sector) was written by a bare-metal guest"
      #expect(outcome.lines.contains("read: \(line)"))
      let bytes = content[(sector * 512)..<(sector * 512 + 512)]
      #expect(bytes.starts(with: Array("\(line)\n".utf8)), "sector \(sector)")
    }
    #expect(content[(4 * 512)..<(96 * 512)].allSatisfy { $0 == 0xEE })
    #expect(outcome.lines.last == "behind the end: refused")
  }

  @Test func `the lesson about disks has one to begin with`() async throws {
    let outcome = try await Lesson.run("virtio-blk")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(
      outcome.lines.contains("read: sector 2047 was written by a bare-metal guest"), "\(outcome.output)")
  }

  @Test func `a guest's own driver is refused what a read-only disk does not do`() async throws {
    let disk = try scratch.file("disk", [UInt8](repeating: 0xEE, count: 100 * 512))
    let outcome = try await Lesson.run("virtio-blk", "-d", "\(disk),readonly=on")
    #expect(outcome.lines.last?.hasPrefix("panic: ") == true, "\(outcome.output)")
    #expect(try scratch.content("disk").allSatisfy { $0 == 0xEE })
  }

  @Test(.networkNamespace)
  func `a guest's own driver answers ARP and ICMP echo on a TAP`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      """
      export vm guests; exec unshare -rn bash -c '
        ip tuntap add tap0 mode tap && ip address add 10.0.0.1/24 dev tap0 && ip link set tap0 up || exit
        coproc $vm run guests/virtio-net
        machine=$COPROC_PID
        read -r -u ${COPROC[0]} line; echo "$line"
        busybox arping -f -w 600 -I tap0 10.0.0.2
        busybox ping -c 3 -W 600 10.0.0.2
        busybox ping -c 2 -W 600 -s 1472 10.0.0.2
        ping -c 20 -i 0.05 -w 600 10.0.0.2
        awk "/^Icmp: [0-9]/ { print \\"sums:\\", \\$4 }" /proc/net/snmp
        kill -INT $machine; wait $machine; echo "ended with $?"'
      """)
    let output = outcome.output
    let address = output.firstMatch(of: /10\.0\.0\.2 is at ([0-9a-f:]{17})/)?.1
    #expect(output.contains("reply from 10.0.0.2 [\(address ?? "none")]"), "\(output) \(outcome.error)")
    #expect(output.contains("Received 1 response(s)"), "\(output)")
    // It sends on until as many are answered, and counts what comes later too.
    let received = output.firstMatch(of: #/packets transmitted, (\d+) received/#).flatMap { Int($0.1) } ?? 0
    #expect(received >= 20, "\(output)")
    for count in [3, 2] {
      #expect(
        output.contains("\(count) packets transmitted, \(count) packets received, 0% packet loss"),
        "\(output)")
    }
    #expect(output.contains("1480 bytes from 10.0.0.2"), "\(output)")
    // What the host's kernel counted of ICMP with wrong checksums.
    #expect(output.contains("sums: 0"), "\(output)")
    #expect(output.contains("ended with 0"), "\(output) \(outcome.error)")
  }
}
