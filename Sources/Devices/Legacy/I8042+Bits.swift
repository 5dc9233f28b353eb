extension I8042 {
  /// The controller's command byte, its memory's byte 0.
  struct CommandByte: OptionSet, Sendable {
    let rawValue: UInt8
    static let keyboardInterrupt = Self(rawValue: 1 << 0)
    static let auxiliaryInterrupt = Self(rawValue: 1 << 1)
    static let systemFlag = Self(rawValue: 1 << 2)
    static let keyboardDisabled = Self(rawValue: 1 << 4)
    static let auxiliaryDisabled = Self(rawValue: 1 << 5)
    static let translate = Self(rawValue: 1 << 6)
    /// Bit 7 is reserved.
    static let all = Self(rawValue: 0x7F)
  }

  /// The status register. Bit 1, input buffer full, is never set.
  struct Status: OptionSet, Sendable {
    let rawValue: UInt8
    static let outputFull = Self(rawValue: 1 << 0)
    static let systemFlag = Self(rawValue: 1 << 2)
    static let command = Self(rawValue: 1 << 3)
    /// The key lock is open.
    static let notInhibited = Self(rawValue: 1 << 4)
    static let auxiliary = Self(rawValue: 1 << 5)
    static let timeout = Self(rawValue: 1 << 6)
  }

  enum Command {
    static let readCommandByte: UInt8 = 0x20
    static let writeCommandByte: UInt8 = 0x60
    static let disableAuxiliary: UInt8 = 0xA7
    static let enableAuxiliary: UInt8 = 0xA8
    static let testAuxiliary: UInt8 = 0xA9
    static let selfTest: UInt8 = 0xAA
    static let testKeyboard: UInt8 = 0xAB
    static let disableKeyboard: UInt8 = 0xAD
    static let enableKeyboard: UInt8 = 0xAE
    static let readInputPort: UInt8 = 0xC0
    static let readOutputPort: UInt8 = 0xD0
    static let writeOutputPort: UInt8 = 0xD1
    static let writeKeyboardOutput: UInt8 = 0xD2
    static let writeAuxiliaryOutput: UInt8 = 0xD3
    static let writeAuxiliary: UInt8 = 0xD4
    static let readTestInputs: UInt8 = 0xE0
  }

  enum Answer {
    static let interfacePassed: UInt8 = 0x00
    static let clockStuckLow: UInt8 = 0x01
    static let selfTestPassed: UInt8 = 0x55
    static let resend: UInt8 = 0xFE
  }

  enum OutputPort {
    static let notReset: UInt8 = 1 << 0
    static let addressLine20: UInt8 = 1 << 1
    static let keyboardFull: UInt8 = 1 << 4
    static let auxiliaryFull: UInt8 = 1 << 5
  }

  enum InputPort {
    static let notInhibited: UInt8 = 1 << 7
  }
}
