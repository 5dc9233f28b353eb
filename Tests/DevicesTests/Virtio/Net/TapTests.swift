import CLinux
import CTestNetwork
import SystemPackage
import TestSupport
import Testing

@testable import Devices

@Suite("opening a TAP", .serialized, .enabled(if: NetworkNamespace.isPossible, "\(NetworkNamespace.reason)"))
struct TapTests {
  /// The error of opening `name` in a namespace of its own after `prepare`.
  private func failure(
    _ name: String, queues: Int = 1, _ prepare: @escaping @Sendable () throws -> Void = {}
  ) throws -> TapError? {
    try NetworkNamespace.run {
      try prepare()
      do throws(TapError) {
        _ = try Tap.open(name, queues: queues)
        return nil
      } catch {
        return error
      }
    }
  }

  @Test func `one that is made is up, and vanishes with its owner`() throws {
    let states = try NetworkNamespace.run {
      let interfaces = try LinkSocket()
      var tap: Tap? = try Tap.open("mine")
      let during = (interfaces.index(of: "mine") != nil, tap?.link?.isUp, tap?.mtu, tap?.name)
      tap = nil
      return (during, interfaces.index(of: "mine") != nil)
    }
    #expect(states.0 == (true, true, 1500, "mine"))
    #expect(!states.1)
  }

  @Test func `a name must be one`() throws {
    #expect(try failure("sixteen-bytes-xx") == .nameTooLong("sixteen-bytes-xx"))
    #expect(try failure("fifteen-bytes-x") == nil)
    #expect(try failure("") == .nameTooLong(""))
    #expect(try failure("a%d") == .badName("a%d"))
    #expect(try failure("a/b") == .badName("a/b"))
  }

  @Test func `without the right to make one it is missing`() throws {
    let error = try failure("none") { #expect(ctest_drop_network_rights() == 0) }
    #expect(error == .missing("none"))
  }

  @Test func `one that is in use is busy`() throws {
    let error = try NetworkNamespace.run {
      let first = try Tap.open("tap0")
      defer { withExtendedLifetime(first) {} }
      return #expect(throws: TapError.self) { try Tap.open("tap0") }
    }
    #expect(error == .busy("tap0"))
  }

  @Test(arguments: [true, false])
  func `one and several queues do not mix`(hasSeveral: Bool) throws {
    let error = try NetworkNamespace.run {
      let first = try Tap.open("tap0", queues: hasSeveral ? 2 : 1)
      defer { withExtendedLifetime(first) {} }
      return #expect(throws: TapError.self) { try Tap.open("tap0", queues: hasSeveral ? 1 : 2) }
    }
    #expect(error == .queueMismatch("tap0", hasSeveral: hasSeveral))
  }

  @Test func `another interface is no TAP`() throws {
    #expect(try failure("lo") == .otherInterface("lo"))
    let tun = try failure("tun0") {
      #expect(unsafe ctest_attach_tun("tun0", Int32(CTEST_IFF_TUN | CTEST_IFF_NO_PI)) >= 0)
    }
    #expect(tun == .otherInterface("tun0"))
  }

  /// The error of taking over a descriptor.
  private func failure(takingOver number: Int32) -> TapError? {
    do throws(TapError) {
      _ = try Tap.takeOver(number)
      return nil
    } catch {
      return error
    }
  }

  @Test func `an inherited descriptor must be a TAP with the right flags`() throws {
    let plain = CTEST_IFF_TAP | CTEST_IFF_NO_PI
    func attach(_ flags: UInt32) throws -> Int32 {
      try NetworkNamespace.run { unsafe ctest_attach_tun("tap0", Int32(flags)) }
    }
    let good = try attach(plain | CTEST_IFF_VNET_HDR)
    #expect(failure(takingOver: good) == nil)
    let bare = try OwnedDescriptor(result: attach(plain))
    #expect(failure(takingOver: bare.number) == .noHeader(bare.number))
    let tun = try OwnedDescriptor(result: attach(CTEST_IFF_TUN | CTEST_IFF_NO_PI))
    #expect(failure(takingOver: tun.number) == .notTap(tun.number))
    let unattached = try OwnedDescriptor.open(Tap.devicePath, O_RDWR)
    #expect(failure(takingOver: unattached.number) == .notTap(unattached.number))
    let event = try EventDescriptor()
    #expect(failure(takingOver: event.number) == .notTap(event.number))
    #expect(failure(takingOver: 1 << 20) == .notOpen(1 << 20))
  }

  @Test func `one of another namespace tells nothing about its link`() throws {
    let tap = try NetworkNamespace.run {
      let number = unsafe ctest_attach_tun(
        "tap0", Int32(CTEST_IFF_TAP | CTEST_IFF_NO_PI | CTEST_IFF_VNET_HDR))
      return number
    }
    let elsewhere = try NetworkNamespace.run { try Tap.takeOver(tap) }
    #expect(elsewhere.name == "tap0")
    #expect(elsewhere.link == nil && elsewhere.mtu == nil)
  }
}
