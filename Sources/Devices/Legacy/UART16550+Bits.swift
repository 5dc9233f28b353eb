/// The registers' bits (data sheet PC16550D, table II).
extension UART16550 {
  struct InterruptEnable: OptionSet, Sendable {
    let rawValue: UInt8
    static let receivedData = Self(rawValue: 1 << 0)
    static let transmitterEmpty = Self(rawValue: 1 << 1)
    static let lineStatus = Self(rawValue: 1 << 2)
    static let modemStatus = Self(rawValue: 1 << 3)
    static let all = Self(rawValue: 0x0F)
  }

  /// Interrupt identification, bits 3 to 0.
  enum InterruptCause: UInt8 {
    case none = 0b0001
    case lineStatus = 0b0110
    case receivedData = 0b0100
    case characterTimeout = 0b1100
    case transmitterEmpty = 0b0010
    case modemStatus = 0b0000
  }

  struct FIFOControl: OptionSet, Sendable {
    let rawValue: UInt8
    static let enable = Self(rawValue: 1 << 0)
    static let clearReceiver = Self(rawValue: 1 << 1)
    static let clearTransmitter = Self(rawValue: 1 << 2)

    /// Bits 7 and 6, in bytes.
    var triggerLevel: UInt8 {
      switch rawValue >> 6 {
      case 0: 1
      case 1: 4
      case 2: 8
      default: 14
      }
    }
  }

  struct LineControl: OptionSet, Sendable {
    let rawValue: UInt8
    static let divisorLatchAccess = Self(rawValue: 1 << 7)
  }

  struct ModemControl: OptionSet, Sendable {
    let rawValue: UInt8
    static let dataTerminalReady = Self(rawValue: 1 << 0)
    static let requestToSend = Self(rawValue: 1 << 1)
    static let out1 = Self(rawValue: 1 << 2)
    static let out2 = Self(rawValue: 1 << 3)
    static let loopback = Self(rawValue: 1 << 4)
    static let all = Self(rawValue: 0x1F)

    /// The inputs that loopback ties each output to.
    var loopedBack: ModemStatus {
      var status: ModemStatus = []
      if contains(.dataTerminalReady) { status.insert(.dataSetReady) }
      if contains(.requestToSend) { status.insert(.clearToSend) }
      if contains(.out1) { status.insert(.ringIndicator) }
      if contains(.out2) { status.insert(.carrierDetect) }
      return status
    }
  }

  struct LineStatus: OptionSet, Sendable {
    let rawValue: UInt8
    static let dataReady = Self(rawValue: 1 << 0)
    static let overrunError = Self(rawValue: 1 << 1)
    static let breakInterrupt = Self(rawValue: 1 << 4)
    static let transmitterHoldingEmpty = Self(rawValue: 1 << 5)
    static let transmitterEmpty = Self(rawValue: 1 << 6)
    static let errorInFIFO = Self(rawValue: 1 << 7)
  }

  struct ModemStatus: OptionSet, Sendable {
    let rawValue: UInt8
    static let clearToSendChanged = Self(rawValue: 1 << 0)
    static let dataSetReadyChanged = Self(rawValue: 1 << 1)
    static let ringEnded = Self(rawValue: 1 << 2)
    static let carrierDetectChanged = Self(rawValue: 1 << 3)
    static let clearToSend = Self(rawValue: 1 << 4)
    static let dataSetReady = Self(rawValue: 1 << 5)
    static let ringIndicator = Self(rawValue: 1 << 6)
    static let carrierDetect = Self(rawValue: 1 << 7)

    /// What a peer on the line asserts.
    static let connected: Self = [.clearToSend, .dataSetReady, .carrierDetect]

    /// The delta bits for a change to these lines; the ring indicator counts only where it ends.
    func deltas(since before: Self) -> Self {
      let changed = symmetricDifference(before).rawValue >> 4
      let ringBegan = contains(.ringIndicator) ? Self.ringEnded.rawValue : 0
      return Self(rawValue: changed & ~ringBegan)
    }
  }
}
