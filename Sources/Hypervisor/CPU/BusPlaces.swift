internal import Devices

/// What the addresses of a machine's buses are, for people: which device answers there, and with what.
public final class BusPlaces: Sendable {
  public struct Meaning: Hashable, Sendable {
    /// Nil: nobody.
    public let device: String?
    public let register: String?
  }

  // Names and ranges alone: whoever holds this keeps no device alive.
  private let ports: [(name: String, range: GuestRange)]
  private let memory: [(name: String, range: GuestRange)]
  /// Where the guest has put the PCI functions' memory at this moment.
  private let functions: BaseAddressMap?

  init(_ dispatcher: ExitDispatcher, functions: BaseAddressMap? = nil) {
    ports = dispatcher.ports.windows
    memory = dispatcher.memory.windows
    self.functions = functions
  }

  /// - Parameter reason: one with a place.
  public func meaning(of address: UInt64, _ reason: ExitReason, width: Int = 1) -> Meaning {
    if reason.isOnPortBus {
      return Meaning(
        device: name(of: address, in: ports),
        register: PortNames.name(of: address, isWrite: reason == .portWrite, width: width))
    }
    if let found = functions?.meaning(of: address) {
      return Meaning(device: found.device, register: found.register)
    }
    let register =
      Layout.ecam.contains(GuestRange(base: GuestAddress(address), size: 1)) ? Self.function(address) : nil
    return Meaning(device: name(of: address, in: memory), register: register)
  }

  private func name(of address: UInt64, in windows: [(name: String, range: GuestRange)]) -> String? {
    windows.first { $0.range.base.value <= address && address <= $0.range.last.value }?.name
  }

  /// A place in configuration space, as lspci and setpci write it.
  private static func function(_ address: UInt64) -> String {
    let offset = address - Layout.ecam.base.value
    let device = String(offset >> 15 & 31, radix: 16)
    let register = String(offset & 0xFFF, radix: 16)
    return "\(device.count < 2 ? "0" : "")\(device).\(offset >> 12 & 7)+0x\(register)"
  }
}

/// The names of the chips' registers that are ports.
enum PortNames {
  static func name(of port: UInt64, isWrite: Bool, width: Int) -> String? {
    switch port {
    case Layout.Port.com1..<Layout.Port.com1 + 8:
      return (isWrite ? writtenByUART : readFromUART)[Int(port - Layout.Port.com1)]
    case Layout.Port.cmos: return "index"
    case Layout.Port.cmos + 1: return "data"
    case Layout.Port.panic: return "events"
    case Layout.Port.firmwareConfiguration: return "selector"
    case Layout.Port.firmwareConfiguration + 1: return "data"
    case Layout.Port.acpiPM1..<Layout.Port.acpiPM1 + 2: return "PM1_STS"
    case Layout.Port.acpiPM1 + 2..<Layout.Port.acpiPM1 + 4: return "PM1_EN"
    case Layout.Port.acpiPM1 + 4..<Layout.Port.acpiPM1 + 6: return "PM1_CNT"
    case Layout.Port.resetControl where width == 1: return "RST_CNT"
    case Layout.Port.pciConfiguration..<Layout.Port.pciConfiguration + 4: return "CONFIG_ADDRESS"
    case Layout.Port.pciConfiguration + 4..<Layout.Port.pciConfiguration + 8: return "CONFIG_DATA"
    default: return nil
    }
  }

  // Which of the two the first registers are depends on the DLAB bit of LCR.
  private static let readFromUART = ["RBR/DLL", "IER/DLM", "IIR", "LCR", "MCR", "LSR", "MSR", "SCR"]
  private static let writtenByUART = ["THR/DLL", "IER/DLM", "FCR", "LCR", "MCR", "LSR", "MSR", "SCR"]
}
