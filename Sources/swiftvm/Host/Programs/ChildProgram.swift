internal import CHost
internal import CLinux
internal import Devices
internal import SystemPackage

/// A program that runs beside this one, with a descriptor of ours, and is waited for at the end.
///
/// What it says on its standard streams is kept, as far as people could want to read it, and never printed.
final class ChildProgram {
  /// The number that it has our descriptor under.
  static let descriptor: Int32 = 3

  let id: Int32
  private let process: OwnedDescriptor
  private let said: OwnedDescriptor
  /// Set once it was waited for.
  private var status: Int32?

  /// Bytes of what it says that are kept.
  private static let mostWords = 1 << 14

  /// - Parameter descriptor: what it gets, beside its standard streams.
  init(_ program: HostProgram, _ arguments: [String], descriptor: borrowing OwnedDescriptor) throws(Failure) {
    let path = try program.find()
    do throws(Errno) {
      let null = try OwnedDescriptor.open("/dev/null", O_RDWR)
      // The call keeps nothing of the name.
      said = try OwnedDescriptor(result: unsafe chost_limited_memory_file("swiftvm", Self.mostWords))
      let texts = unsafe ([program.rawValue] + arguments).map { unsafe strdup($0) }
      defer { unsafe texts.forEach { unsafe free($0) } }
      let streams = [null.number, said.number, said.number, descriptor.number]
      // The texts end with the NULL that execve wants, and live until after the call; the streams are as many as told.
      let id = unsafe chost_start(path, texts + [nil], streams, Int32(streams.count))
      guard id >= 0 else { throw Errno(rawValue: -id) }
      let watch = chost_watch_process(id)
      if watch < 0 {
        kill(id, SIGKILL)
        _ = chost_wait_for_process(id)
        throw Errno(rawValue: -watch)
      }
      process = OwnedDescriptor(takingOver: watch)
      self.id = id
    } catch {
      throw Failure(.hostNotAble, "\(path): \(error)", hint: error.shortageHint)
    }
  }

  /// Readable when it has ended.
  var ended: Int32 { process.number }

  /// Waits for its end; kills it where that takes longer than five seconds.
  ///
  /// - Returns: its exit status, or 128 plus the number of the signal that killed it.
  @discardableResult
  func waitForEnd() -> Int32 {
    if let status { return status }
    if chost_wait_for_either(process.number, -1, 5000) == 0 { kill(id, SIGKILL) }
    let status = chost_wait_for_process(id)
    self.status = status
    return status
  }

  /// The last line that it said, or nil.
  var lastLine: String? {
    var bytes = [UInt8](repeating: 0, count: Self.mostWords)
    // The array is as long as told.
    let count = unsafe clinux_read_at(said.number, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n").last
      .map(String.init)
  }
}
