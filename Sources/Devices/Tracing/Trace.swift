internal import Synchronization

/// What happens in a machine, as it happens: tracks of records that somebody else takes out. It outlives machines: a
/// guest's reboot goes on in the same tracks.
public final class Trace: Sendable {
  /// A row of the picture: a vCPU, or a queue of a device.
  public struct Track: Sendable {
    public let name: String
    public let ring: TraceRing
  }

  private struct Contents {
    var tracks: [Track] = []
    /// Counted from 1.
    var devices: [String] = []
  }

  private let contents = Mutex(Contents())

  public init() {}

  /// A hand for the track called `track`, which is there already or made now.
  ///
  /// - Parameters:
  ///   - device: the name that its records say, if any.
  ///   - number: the queue or GSI that they say.
  public func writer(_ track: String, device: String? = nil, number: UInt32 = 0) -> TraceWriter {
    contents.withLock { contents in
      let ring: TraceRing
      if let old = contents.tracks.first(where: { $0.name == track }) {
        ring = old.ring
      } else {
        ring = TraceRing()
        contents.tracks.append(Track(name: track, ring: ring))
      }
      guard let device else { return TraceWriter(ring, device: 0, number: number) }
      let index = contents.devices.firstIndex(of: device) ?? contents.devices.count
      if index == contents.devices.count { contents.devices.append(device) }
      return TraceWriter(ring, device: UInt16(clamping: index + 1), number: number)
    }
  }

  /// In the order in which they were made.
  public var tracks: [Track] { contents.withLock { $0.tracks } }

  /// The name of the device that a record says.
  public func device(_ number: UInt16) -> String? {
    contents.withLock { contents in
      let index = Int(number) - 1
      return contents.devices.indices.contains(index) ? contents.devices[index] : nil
    }
  }
}
