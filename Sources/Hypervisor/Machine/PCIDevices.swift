internal import Devices
internal import SystemPackage

/// The devices behind the host bridge: each in a slot of its own, in the order given, its memory placed
/// where the DSDT's window is.
final class PCIDevices {
  let bridge: HostBridge
  /// The virtio console among the devices, if there is one.
  let console: ConsoleDevice?
  let map = BaseAddressMap()
  private let windows: [GuestRange]
  private let functions: [VirtioPCI]
  private let pins: [Pin]

  /// A line that the pins of several functions share.
  private struct Pin {
    let line: LevelInterruptLine
    let gsi: UInt32
    var functions: [VirtioPCI]
  }

  /// - Parameters:
  ///   - devices: each with its slot; a guest finds them in the order of these. The name is for people.
  ///   - windows: where the guest may put the devices' memory; it starts in the first.
  init(
    _ devices: [(slot: Int, name: String, device: any VirtioDevice)], console: ConsoleDevice? = nil,
    memory: GuestMemory,
    windows: [GuestRange],
    router: any MessageRouter, doorbells: any DoorbellRegistry, trace: Trace? = nil
  ) throws(MachineError) {
    self.console = console
    self.windows = windows
    var pins: [Pin] = []
    var functions: [VirtioPCI] = []
    var places: [PCIAddress: any PCIFunction] = [:]
    for (slot, name, device) in devices {
      let offset = UInt64(slot) * VirtioPCI.memorySize
      guard let address = PCIAddress(device: UInt8(clamping: slot)),
        let window = windows.first, offset + VirtioPCI.memorySize <= window.size
      else { throw .noRoomOnBus(slot: slot) }
      let gsi = Layout.IRQ.pci(device: address.device, pin: .intA)
      do throws(Errno) {
        let line: LevelInterruptLine
        if let shared = pins.first(where: { $0.gsi == gsi }) {
          line = shared.line
        } else {
          line = try LevelInterruptLine()
          pins.append(Pin(line: line, gsi: gsi, functions: []))
        }
        let function = try VirtioPCI(
          device, memory: memory, at: GuestAddress(window.base.value + offset), on: map, router: router,
          doorbells: doorbells, pin: line, name: name, traces: trace?.writers(of: device, name) ?? [])
        for index in pins.indices where pins[index].gsi == gsi { pins[index].functions.append(function) }
        functions.append(function)
        places[address] = function
      } catch {
        throw .host("the descriptors of a PCI device", error)
      }
    }
    self.pins = pins
    self.functions = functions
    do throws(HostBridge.PlacementError) {
      bridge = try HostBridge(functions: places)
    } catch {
      throw .placement(error)
    }
  }

  /// The lines of the pins and the GSIs they end in.
  var lines: [(line: LevelInterruptLine, gsi: UInt32)] {
    pins.map { ($0.line, $0.gsi) }
  }

  /// Opens the windows of the memory bus to the devices.
  func map(into memory: inout AddressSpaceBuilder) throws(AddressConflict) {
    for window in windows {
      try memory.map(
        MemoryWindow(map, base: window.base), name: "PCI memory", base: window.base.value,
        size: window.size)
    }
  }

  /// Asserts pins again whose interrupt the guest ended while a device still wanted it.
  func watchPins(on loop: EventLoop) throws(Errno) -> [EventLoop.Watch] {
    var watches: [EventLoop.Watch] = []
    do throws(Errno) {
      for pin in pins {
        watches.append(
          try loop.watch(pin.line.acknowledged.number) {
            pin.line.acknowledged.take()
            for function in pin.functions { function.pinWasAcknowledged() }
          })
      }
      return watches
    } catch {
      for watch in watches { loop.cancel(watch) }
      throw error
    }
  }

  /// Stops the devices; when this returns, none touches guest memory any more. No vCPU may run.
  func shutDown() {
    for function in functions { function.shutDown() }
  }
}

extension Trace {
  /// A track for each queue of a device.
  fileprivate func writers(of device: any VirtioDevice, _ name: String) -> [TraceWriter] {
    device.queueSizes.indices.map { writer("\(name) queue \($0)", device: name, number: UInt32($0)) }
  }
}
