extension I8042 {
  /// What a snapshot keeps of the chip.
  public struct State: Codable, Hashable, Sendable {
    public var commandByte: UInt8
    public var output: UInt8
    /// Status bits 0 (full), 5 (from the second interface) and 6 (time-out).
    public var outputStatus: UInt8
    public var wasCommand: Bool
    public var pendingCommand: UInt8?
  }

  public var state: State {
    State(
      commandByte: commandByte.rawValue, output: output, outputStatus: outputStatus.rawValue,
      wasCommand: wasCommand, pendingCommand: pendingCommand)
  }

  /// The chip in `state`. Its interrupt line, where high, counts as a rise not yet taken.
  public init(_ state: State) throws(InvalidState) {
    let status: Status = [.outputFull, .auxiliary, .timeout]
    try InvalidState.unless(state.commandByte <= CommandByte.all.rawValue, "I8042", "commandByte")
    try InvalidState.unless(state.outputStatus & ~status.rawValue == 0, "I8042", "outputStatus")

    commandByte = CommandByte(rawValue: state.commandByte)
    output = state.output
    outputStatus = Status(rawValue: state.outputStatus)
    wasCommand = state.wasCommand
    pendingCommand = state.pendingCommand
  }
}
