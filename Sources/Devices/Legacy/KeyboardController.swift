internal import Synchronization

/// A PC's keyboard controller: an 8042 behind two ports that are four apart, wired to an
/// edge-triggered interrupt (IRQ 1) and to the machine's reset line.
public final class KeyboardController: Sendable {
  private let chip = Mutex(I8042())
  private let interrupt: InterruptLine
  private let power: PowerControl

  public init(interrupt: InterruptLine, power: PowerControl) {
    self.interrupt = interrupt
    self.power = power
  }

  /// The window of one port at 0x60.
  public var dataPort: DataPort { DataPort(self) }

  /// The window of one port at 0x64.
  public var commandPort: CommandPort { CommandPort(self) }

  public final class DataPort: ByteBusDevice {
    private let controller: KeyboardController

    fileprivate init(_ controller: KeyboardController) {
      self.controller = controller
    }

    public func readByte(at offset: UInt64) -> UInt8 {
      controller.access { $0.readData() }
    }

    public func writeByte(_ value: UInt8, at offset: UInt64) {
      controller.obey(controller.access { $0.writeData(value) })
    }
  }

  public final class CommandPort: ByteBusDevice {
    private let controller: KeyboardController

    fileprivate init(_ controller: KeyboardController) {
      self.controller = controller
    }

    public func readByte(at offset: UInt64) -> UInt8 {
      controller.access { $0.readStatus() }
    }

    public func writeByte(_ value: UInt8, at offset: UInt64) {
      controller.obey(controller.access { $0.writeCommand(value) })
    }
  }

  private func access<Result: Sendable>(_ body: (inout I8042) -> Result) -> Result {
    chip.withLock { chip in
      let result = body(&chip)
      if chip.takeInterruptEdge() { interrupt.pulse() }
      return result
    }
  }

  private func obey(_ effect: I8042.Effect) {
    switch effect {
    case .none: break
    case .reset: power.ask(for: .reset)
    }
  }
}

extension KeyboardController: StatefulDevice {
  public typealias State = I8042.State

  public var state: State { chip.withLock { $0.state } }

  public func restore(_ state: State) throws(InvalidState) {
    let restored = try I8042(state)
    access { $0 = restored }
  }
}
