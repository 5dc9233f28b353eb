internal import CKVM
internal import Devices
internal import Synchronization
internal import SystemPackage

/// The machine's interrupt routes: which GSI is which pin of a chip, and which is which message (KVM
/// API documentation, KVM_SET_GSI_ROUTING).
///
/// KVM takes the whole table at a time. GSIs 0 to 23 are the chips' pins; those above are messages.
final class InterruptRouter: MessageRouter {
  private struct Table {
    /// By GSI, counted from `firstMessage`.
    var messages: [InterruptMessage?] = []
    /// What KVM was last told.
    var installed: [InterruptMessage?] = []
    var connected: Set<UInt32> = []
  }

  private static let firstMessage: UInt32 = 24

  private let vm: VMDescriptor
  private let capacity: Int
  private let table = Mutex(Table())

  /// - Parameter capacity: routes that this KVM takes (KVM_CAP_IRQ_ROUTING).
  init(_ vm: VMDescriptor, capacity: Int) {
    self.vm = vm
    self.capacity = capacity
  }

  /// Tells KVM the routes of the chips.
  func install() throws(KVMError) {
    let entries = Self.chipRoutes
    _ = try check("KVM_SET_GSI_ROUTING", send(entries))
  }

  func makeVector() throws(Errno) -> MessageVector {
    let number = table.withLock { table -> UInt32? in
      guard Self.chipRoutes.count + table.messages.count < capacity else { return nil }
      table.messages.append(nil)
      return Self.firstMessage + UInt32(table.messages.count - 1)
    }
    guard let number else { throw .noSpace }
    return try MessageVector(number: number)
  }

  func connect(_ vector: MessageVector, to message: InterruptMessage) {
    table.withLock { table in
      let index = Int(vector.number - Self.firstMessage)
      guard table.messages.indices.contains(index) else { return }
      let old = table.messages[index]
      table.messages[index] = message
      // A route may stay while its vector is masked; KVM need not hear of what it has.
      if table.installed.count != table.messages.count || table.installed[index] != message {
        guard send(Self.chipRoutes + Self.routes(table.messages)) >= 0 else {
          // KVM refuses the whole table for one message that it does not take.
          table.messages[index] = old
          return
        }
        table.installed = table.messages
      }
      if table.connected.insert(vector.number).inserted { assign(vector, flags: 0) }
    }
  }

  func disconnect(_ vector: MessageVector) {
    table.withLock { table in
      if table.connected.remove(vector.number) != nil {
        assign(vector, flags: CKVM_IRQFD_FLAG_DEASSIGN)
      }
    }
  }

  private func assign(_ vector: MessageVector, flags: UInt32) {
    var description = kvm_irqfd()
    description.fd = UInt32(vector.event.number)
    description.gsi = vector.number
    description.flags = flags
    // The structure is the one that the ioctl reads.
    _ = unsafe ckvm_ioctl_ptr(vm.number, CKVM_IRQFD, &description)
  }

  // MARK: The table as KVM reads it

  private func send(_ entries: [kvm_irq_routing_entry]) -> Int {
    let size = ckvm_irq_routing_size(entries.count)
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: size, alignment: MemoryLayout<kvm_irq_routing>.alignment)
    defer { unsafe memory.deallocate() }
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    let header = unsafe memory.bindMemory(to: kvm_irq_routing.self, capacity: 1)
    unsafe header.pointee.nr = UInt32(entries.count)
    for (index, entry) in entries.enumerated() {
      // The table was made with room for every entry.
      unsafe ckvm_irq_routing_entries(header)[index] = entry
    }
    return unsafe ckvm_ioctl_ptr(vm.number, CKVM_SET_GSI_ROUTING, memory)
  }

  /// The PICs' inputs, and the I/O APIC's, where the PIT's is pin 2 as the MADT says. The PIC's input 2
  /// is where the second PIC hangs.
  private static let chipRoutes: [kvm_irq_routing_entry] = {
    let master = UInt32(KVM_IRQCHIP_PIC_MASTER)
    let slave = UInt32(KVM_IRQCHIP_PIC_SLAVE)
    let ioapic = UInt32(KVM_IRQCHIP_IOAPIC)
    var entries: [kvm_irq_routing_entry] = []
    for gsi in UInt32(0)..<16 where gsi != 2 {
      entries.append(.pin(gsi, chip: gsi < 8 ? master : slave, pin: gsi % 8))
    }
    for gsi in UInt32(0)..<24 where gsi != Layout.IRQ.pit {
      entries.append(.pin(gsi, chip: ioapic, pin: gsi == 0 ? Layout.IRQ.pit : gsi))
    }
    return entries
  }()

  private static func routes(_ messages: [InterruptMessage?]) -> [kvm_irq_routing_entry] {
    messages.enumerated().compactMap { index, message in
      message.map { .message(firstMessage + UInt32(index), $0) }
    }
  }
}

extension kvm_irq_routing_entry {
  fileprivate static func pin(_ gsi: UInt32, chip: UInt32, pin: UInt32) -> kvm_irq_routing_entry {
    var entry = kvm_irq_routing_entry()
    entry.gsi = gsi
    entry.type = UInt32(KVM_IRQ_ROUTING_IRQCHIP)
    // The union member that the type names.
    unsafe entry.u.irqchip.irqchip = chip
    unsafe entry.u.irqchip.pin = pin
    return entry
  }

  fileprivate static func message(_ gsi: UInt32, _ message: InterruptMessage) -> kvm_irq_routing_entry {
    var entry = kvm_irq_routing_entry()
    entry.gsi = gsi
    entry.type = UInt32(KVM_IRQ_ROUTING_MSI)
    // The union member that the type names.
    unsafe entry.u.msi.address_lo = UInt32(truncatingIfNeeded: message.address)
    unsafe entry.u.msi.address_hi = UInt32(truncatingIfNeeded: message.address >> 32)
    unsafe entry.u.msi.data = message.data
    return entry
  }
}
