internal import CHost
internal import CLinux
public import Devices
internal import SystemPackage

extension FrameStream {
  /// A stream, and the number of the peer's end of it, for the caller to take over.
  public static func pair() throws -> (stream: FrameStream, peer: Int32) {
    var ends: [Int32] = [-1, -1]
    // The array has the two elements that the call writes.
    let result = unsafe chost_stream_pair(&ends)
    guard result >= 0 else { throw Errno(rawValue: -result) }
    return (try FrameStream(OwnedDescriptor(takingOver: ends[0]), name: "peer"), ends[1])
  }
}
