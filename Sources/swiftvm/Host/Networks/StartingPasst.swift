internal import CHost
internal import CLinux
internal import Devices
internal import SystemPackage

/// passt from its start until it is known to work, or why it does not.
struct StartingPasst {
  let program: ChildProgram
  let stream: FrameStream

  /// - Parameter mac: the guest's address, which passt hears of, so that it need not wait for the guest to speak.
  /// - Parameter isCancelled: asked now and then: whether nobody wants it any more.
  init(_ arguments: [String], guest mac: MACAddress, isCancelled: () -> Bool) throws(Failure) {
    let ends = try Self.pair()
    let theirs = OwnedDescriptor(takingOver: ends.theirs)
    stream = try Self.stream(OwnedDescriptor(takingOver: ends.ours))
    program = try ChildProgram(.passt, arguments, descriptor: theirs)
    // passt's own is the only one that is left: its end is heard of.
    _ = consume theirs
    try awaitFirstRead(of: ends.ours, sending: Self.greeting(from: mac), isCancelled)
  }

  private static func pair() throws(Failure) -> (ours: Int32, theirs: Int32) {
    var ends: [Int32] = [-1, -1]
    // The array has the two elements that the call writes.
    let result = unsafe chost_stream_pair(&ends)
    guard result >= 0 else { throw failure(Errno(rawValue: -result)) }
    return (ends[0], ends[1])
  }

  private static func stream(_ socket: consuming OwnedDescriptor) throws(Failure) -> FrameStream {
    do throws(Errno) {
      return try FrameStream(socket, name: HostProgram.passt.rawValue)
    } catch {
      throw failure(error)
    }
  }

  /// A frame of a kind that is for experiments, and so for nobody, behind its length.
  private static func greeting(from mac: MACAddress) -> [UInt8] {
    let frame = MACAddress.broadcast.bytes + mac.bytes + [0x88, 0xB5]
    return [0, 0, 0, 60] + frame + [UInt8](repeating: 0, count: 60 - frame.count)
  }

  /// passt does not tell when it is ready: all its sockets are open, its rights given up. But it reads only then. So the
  /// first frame takes a descriptor along, which the kernel closes when the frame was read.
  private func awaitFirstRead(
    of socket: Int32, sending greeting: [UInt8], _ isCancelled: () -> Bool
  ) throws(Failure) {
    let token = try Self.pair()
    let ours = OwnedDescriptor(takingOver: token.ours)
    // The array is as long as told.
    let sent = unsafe chost_send_with_descriptor(socket, greeting, greeting.count, token.theirs)
    close(token.theirs)
    guard sent == greeting.count else { throw refusal() }
    var patience = Self.patience
    while patience > 0, chost_wait_for_either(ours.number, program.ended, Self.slice) == 0 {
      patience = isCancelled() ? 0 : patience - Self.slice
    }
    guard patience > 0 else {
      kill(program.id, SIGKILL)
      throw Failure(
        .hostNotAble, "--net user: passt does not begin its work", hint: "is the host overloaded?")
    }
    // Where passt ended, the frame went with its end of the connection.
    if clinux_is_hung_up(socket) != 0 { throw refusal() }
  }

  /// Milliseconds. It takes some ten.
  private static let patience: Int32 = 60_000
  /// Milliseconds between two looks at whether it is still wanted.
  private static let slice: Int32 = 100

  /// What passt said when it ended.
  private func refusal() -> Failure {
    stream.end(.closed)
    let status = program.waitForEnd()
    let said = program.lastLine ?? "ended with status \(status)"
    let hint =
      if said.contains("bind") {
        "another program has the port, or it is below 1024: `ss -lnp` shows who has which"
      } else if said.contains("interface") {
        "it needs a default route, which `ip route show default` shows; --net none does without a network"
      } else {
        "passt's manual explains it; it says more in the system log"
      }
    return Failure(.hostNotAble, "--net user: passt: \(said)", hint: hint)
  }

  private static func failure(_ error: Errno) -> Failure {
    Failure(.hostNotAble, "--net user: \(error)", hint: error.shortageHint)
  }
}
