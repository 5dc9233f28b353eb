public import SystemPackage

/// An edge-triggered interrupt line, as an ISA device drives it.
///
/// The line ends in an eventfd. In a running machine KVM listens there (KVM_IRQFD) and raises the
/// interrupt without a system call of ours; in a test the counter is read instead.
public final class InterruptLine: Sendable {
  public let event: EventDescriptor
  private let trace: TraceWriter

  /// - Parameter trace: where its edges are seen.
  public init(trace: TraceWriter = TraceWriter()) throws(Errno) {
    event = try EventDescriptor()
    self.trace = trace
  }

  /// One rising edge.
  public func pulse() {
    trace.line()
    event.signal()
  }
}
