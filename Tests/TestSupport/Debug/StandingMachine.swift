internal import Devices
internal import SystemPackage

@testable internal import Hypervisor

/// What a debugger's session talks to, without vCPUs that could run: registers and 64 KiB of memory, the virtual
/// addresses of which begin at 1 MiB.
final class StandingMachine: DebugTarget {
  static let memorySize: UInt64 = 1 << 16
  static let virtualBase: UInt64 = 1 << 20

  let description = TargetDescription(hasAVX: true)
  let vcpuCount: Int
  private let guest: GuestMemory
  private(set) var memory: DebugMemory
  private(set) var files: [RegisterFile]
  private(set) var hardware = DebugRegisters()

  init(vcpus: Int = 2) throws(Errno) {
    vcpuCount = vcpus
    guest = try GuestMemory([GuestRange(base: 0, size: Self.memorySize)])
    memory = DebugMemory(guest)
    files = (0..<vcpus).map { _ in RegisterFile() }
  }

  /// What the guest sees of its memory.
  func guestBytes(_ count: Int, at address: UInt64) throws(OutOfGuestMemory) -> [UInt8] {
    try guest.readBytes(count, at: GuestAddress(address))
  }

  func registers(of vcpu: Int) -> RegisterFile? { files[vcpu] }

  func set(_ registers: RegisterFile, of vcpu: Int) -> Bool {
    files[vcpu] = registers
    return true
  }

  func read(_ count: Int, at address: DebugAddress) -> [UInt8] {
    memory.read(count, at: address.number) { Self.translate($0, address) }
  }

  func write(_ bytes: [UInt8], at address: DebugAddress) -> Bool {
    memory.write(bytes, at: address.number) { Self.translate($0, address) }
  }

  func insert(_ breakpoint: DebugBreakpoint, seenBy vcpu: Int) throws(DebugRefusal) {
    switch breakpoint {
    case .software(let address):
      guard let place = Self.translate(address, .virtual(address, vcpu: vcpu)) else { throw .noMemory }
      guard memory.insertBreakpoint(for: address, at: place) else { throw .noneLeft }
    case .hardware(let wish):
      guard wish.kind != .access else { throw .unsupported }
      guard hardware.insert(wish) else { throw .noneLeft }
    }
  }

  func remove(_ breakpoint: DebugBreakpoint) {
    switch breakpoint {
    case .software(let address): memory.removeBreakpoint(for: address)
    case .hardware(let wish): hardware.remove(wish)
    }
  }

  func removeAll() {
    memory.removeAllBreakpoints()
    hardware = DebugRegisters()
  }

  private static func translate(_ number: UInt64, _ address: DebugAddress) -> GuestAddress? {
    switch address {
    case .physical: GuestAddress(number)
    case .virtual: number >= virtualBase ? GuestAddress(number - virtualBase) : nil
    }
  }
}

extension DebugAddress {
  fileprivate var number: UInt64 {
    switch self {
    case .physical(let number), .virtual(let number, _): number
    }
  }
}
