// Drivers on two processors that attack every virtio device at once, with rings and buffers at all kinds of places,
// counts that jump, resets in the midst of requests, and registers, memory and messages that move meanwhile. Arguments
// of the kernel: `seed=` and `steps=`. After each part of it every device has to serve a proper driver.
import Bare
import Processor
import Synchronization
import Virtio

/// What both processors see.
enum Shared {
  static let seed = Atomic<UInt64>(0)
  static let isOpen = Atomic<Bool>(false)
  /// Whether the second processor attacks, or is about to look whether it may.
  static let isBusy = Atomic<Bool>(true)
  static let steps = Atomic<Int>(0)

  /// Made before the second processor begins, and not changed any more.
  nonisolated(unsafe) static var targets: [Target] = []
}

@_cdecl("processor_main")
func second() {
  var attacker = Attacker(
    seed: Shared.seed.load(ordering: .relaxed) &+ 1, unsafe Shared.targets, usesPorts: false)
  while true {
    if Shared.isOpen.load(ordering: .acquiring) {
      Shared.isBusy.store(true, ordering: .sequentiallyConsistent)
      // It may have been closed between the look and the word.
      if Shared.isOpen.load(ordering: .sequentiallyConsistent) {
        attacker.step()
        Shared.steps.add(1, ordering: .relaxed)
        continue
      }
    }
    Shared.isBusy.store(false, ordering: .releasing)
    processor_pause()
  }
}

@main enum Fuzzer {
  static let stepsInPart = 1000

  static func main() {
    // Interrupts stay forbidden: messages only pile up.
    Port(0x21).write8(0xFF)
    Port(0xA1).write8(0xFF)
    var targets: [Target] = []
    for function in PCIFunction.all(vendor: 0x1AF4) {
      if let target = Target(function, number: targets.count) { targets.append(target) }
    }
    unsafe Shared.targets = targets
    let seed = Guest.argument("seed") ?? 1
    let parts = Int((Guest.argument("steps") ?? 10_000) / UInt64(stepsInPart))
    Shared.seed.store(seed &* 2, ordering: .relaxed)
    startSecond()

    var attacker = Attacker(seed: seed &* 2, targets, usesPorts: true)
    let memory = Page.allocate()
    for part in 1...max(1, parts) {
      Shared.isOpen.store(true, ordering: .sequentiallyConsistent)
      for _ in 0..<stepsInPart { attacker.step() }
      Shared.isOpen.store(false, ordering: .sequentiallyConsistent)
      while Shared.isBusy.load(ordering: .sequentiallyConsistent) { processor_pause() }
      // All of them first: one may lie over another.
      for target in targets { _ = target.device.function.mapMemory() }
      for target in targets {
        target.bringBack()
        var driver = Victim(target.kind, target.device, memory)
        if !driver.isServed() {
          print(target.kind.name, terminator: "")
          print(": not served after part \(part)")
        }
        target.device.reset()
      }
    }
    print(
      "\(targets.count) devices, \(parts * stepsInPart) steps, \(attacker.starts) starts,", terminator: "")
    print(" \(attacker.answers) answers, \(attacker.failures) times a device gave up")
    print("the other processor: ", terminator: "")
    print(Shared.steps.load(ordering: .relaxed) > 0 ? "worked" : "idle")
    print("the end")
  }

  /// By the two messages that the lesson about processors explains.
  static func startSecond() {
    let localAPIC = Memory(at: 0xFEE0_0000)
    localAPIC.write32(1 << 8 | 0xFF, 0xF0)
    processor_prepare_start(8)
    for message: UInt32 in [0x4500, 0x4608] {
      localAPIC.write32(1 << 24, 0x310)
      localAPIC.write32(message, 0x300)
      while localAPIC.read32(0x300) & 1 << 12 != 0 {}
    }
    while Shared.isBusy.load(ordering: .acquiring) { processor_pause() }
  }
}
