internal import CHost
internal import CLinux
internal import Glibc
internal import SystemPackage

/// A terminal as a person has it: it echoes, edits lines, and turns Ctrl-C into SIGINT.
public final class PseudoTerminal {
  let personSide: Int32
  let programSide: Int32
  private let initial: termios
  /// The device's path.
  public let path: String

  public init() throws {
    var name = [CChar](repeating: 0, count: 128)
    // The array is as long as told.
    let master = unsafe chost_open_pty(&name, name.count)
    guard master >= 0 else { throw Errno(rawValue: -master) }
    path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    personSide = master
    let slave = unsafe clinux_open(path, O_RDWR | O_NOCTTY | O_CLOEXEC, 0)
    guard slave >= 0 else { throw Errno(rawValue: -slave) }
    programSide = slave
    var settings = termios()
    // The calls read and fill the local structure.
    unsafe tcgetattr(slave, &settings)
    settings.c_iflag |= tcflag_t(BRKINT | ICRNL | IXON)
    settings.c_oflag |= tcflag_t(OPOST | ONLCR)
    settings.c_lflag |= tcflag_t(ECHO | ECHONL | ICANON | ISIG | IEXTEN)
    unsafe tcsetattr(slave, TCSANOW, &settings)
    unsafe tcgetattr(slave, &settings)
    initial = settings
  }

  deinit {
    close(programSide)
    close(personSide)
  }

  /// All settings, to be compared.
  public var settings: [UInt8] {
    let current = termiosNow
    // Only read, as bytes.
    return unsafe withUnsafeBytes(of: current) { unsafe Array($0) }
  }

  /// Whether keys go to the program as they are typed, not echoed.
  public var isRaw: Bool { termiosNow.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0 }

  /// Puts back the settings that it began with, as a shell does when a job stops.
  public func restore() {
    var settings = initial
    // The call reads the local structure.
    unsafe tcsetattr(programSide, TCSANOW, &settings)
  }

  private var termiosNow: termios {
    var settings = termios()
    // The call fills the local structure.
    unsafe tcgetattr(programSide, &settings)
    return settings
  }
}
