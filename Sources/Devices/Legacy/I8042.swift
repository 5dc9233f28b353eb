/// An Intel 8042 as a PC's keyboard controller, the chip alone: without a keyboard, and without a
/// second interface for a mouse (IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
/// Auxiliary Device Controller").
///
/// Nothing waits: every command is done when its write returns, so the input buffer is never full.
/// A byte for a device that is not there is answered at once with a time-out, where silence would
/// cost a driver half a second.
public struct I8042: Sendable {
  /// The controller's command byte: interrupt enabled, self test passed, second interface off,
  /// translation on, as firmware leaves it.
  var commandByte: CommandByte = [.keyboardInterrupt, .systemFlag, .auxiliaryDisabled, .translate]
  /// The output buffer.
  var output: UInt8 = 0
  /// Bits of the status register that come with `output`: full, from the second interface, time-out.
  var outputStatus: Status = []
  /// The last write went to the command port.
  var wasCommand = false
  /// A command that waits for its parameter.
  var pendingCommand: UInt8?

  private var lineWasHigh = false

  public init() {}

  /// What a write asks of the machine.
  public enum Effect: Sendable {
    case none
    /// The processor's reset line was pulled.
    case reset
  }

  /// Reads the output buffer (port 0x60).
  public mutating func readData() -> UInt8 {
    outputStatus = []
    return output
  }

  /// Reads the status register (port 0x64).
  public func readStatus() -> UInt8 {
    var status = outputStatus.union(.notInhibited)
    if commandByte.contains(.systemFlag) { status.insert(.systemFlag) }
    if wasCommand { status.insert(.command) }
    return status.rawValue
  }

  /// Writes a command's parameter, or a byte for the keyboard (port 0x60).
  public mutating func writeData(_ value: UInt8) -> Effect {
    wasCommand = false
    let command = pendingCommand
    pendingCommand = nil
    switch command {
    case Command.writeCommandByte:
      commandByte = CommandByte(rawValue: value).intersection(.all)
    case Command.writeOutputPort where value & OutputPort.notReset == 0:
      return .reset
    case Command.writeKeyboardOutput, Command.writeAuxiliaryOutput:
      // There is no second output buffer: what is written to it shows as the keyboard's, by which
      // a driver knows.
      answer(value)
    case Command.writeAuxiliary:
      answer(Answer.resend, [.auxiliary, .timeout])
    case nil:
      answer(Answer.resend, .timeout)
    default:
      // The output port without a reset (the address line 20 is always on), or memory that this
      // controller does not have.
      break
    }
    return .none
  }

  /// Writes a command (port 0x64).
  public mutating func writeCommand(_ value: UInt8) -> Effect {
    wasCommand = true
    pendingCommand = nil
    switch value {
    case Command.readCommandByte: answer(commandByte.rawValue)
    // The rest of the controller's memory is not there: it reads 0 and keeps nothing.
    case 0x21...0x3F: answer(0)
    case 0x60...0x7F, Command.writeOutputPort, Command.writeKeyboardOutput,
      Command.writeAuxiliaryOutput, Command.writeAuxiliary:
      pendingCommand = value
    case Command.disableAuxiliary: commandByte.insert(.auxiliaryDisabled)
    case Command.enableAuxiliary: commandByte.remove(.auxiliaryDisabled)
    case Command.testAuxiliary: answer(Answer.clockStuckLow)
    case Command.selfTest:
      commandByte.insert(.systemFlag)
      answer(Answer.selfTestPassed)
    case Command.testKeyboard: answer(Answer.interfacePassed)
    case Command.disableKeyboard: commandByte.insert(.keyboardDisabled)
    case Command.enableKeyboard: commandByte.remove(.keyboardDisabled)
    case Command.readInputPort: answer(InputPort.notInhibited)
    case Command.readOutputPort: answer(outputPort)
    case Command.readTestInputs: answer(0)
    // Pulses the output port's lower bits for which the command has a 0.
    case 0xF0...0xFF where value & OutputPort.notReset == 0: return .reset
    default: break
    }
    return .none
  }

  /// The level of the keyboard's interrupt line.
  public var interruptOutput: Bool {
    commandByte.contains(.keyboardInterrupt) && outputStatus.contains(.outputFull)
      && !outputStatus.contains(.auxiliary)
  }

  /// Whether the interrupt line rose since the last call.
  public mutating func takeInterruptEdge() -> Bool {
    let isHigh = interruptOutput
    defer { lineWasHigh = isHigh }
    return isHigh && !lineWasHigh
  }

  private mutating func answer(_ byte: UInt8, _ status: Status = []) {
    output = byte
    outputStatus = status.union(.outputFull)
  }

  private var outputPort: UInt8 {
    var port = OutputPort.notReset | OutputPort.addressLine20
    if outputStatus.contains(.outputFull) {
      port |= outputStatus.contains(.auxiliary) ? OutputPort.auxiliaryFull : OutputPort.keyboardFull
    }
    return port
  }
}
