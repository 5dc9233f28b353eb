/// The guest's end of a console: a serial port, or a virtio console.
///
/// Input comes from one thread. No byte of it is lost: `receive` takes what fits and `receiveRoom` says
/// when to go on.
public protocol ConsolePort: AnyObject, Sendable {
  /// Gives the guest the first bytes of `bytes`, as many as there is room for now.
  ///
  /// - Returns: how many. Where that is fewer than offered, `receiveRoom` follows.
  func receive(_ bytes: borrowing Span<UInt8>) -> Int

  var receiveRoom: SharedEvent { get }

  /// The sink, which took less than it was offered, has room again.
  func transmitterReady()
}

/// Where a virtio console's output goes: a `SerialSink` that takes many bytes at once.
public protocol ConsoleSink: SerialSink {
  /// Takes the first bytes of `bytes`, as many as there is room for now; where that is fewer than
  /// offered, the port's `transmitterReady` follows. The guest may change the bytes meanwhile. Does not
  /// block.
  ///
  /// - Returns: how many were taken.
  func accept(_ bytes: UnsafeRawBufferPointer) -> Int

  /// Bytes that the guest sent so far.
  var byteCount: UInt64 { get }
}
