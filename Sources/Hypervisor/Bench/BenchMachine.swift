internal import CKVM
internal import CLinux
internal import Devices
internal import SystemPackage

/// Who runs the guest.
enum BenchSide: CaseIterable, Sendable {
  /// The loop and the buses that machines have.
  case swiftvm
  /// The least that does the same, in C.
  case floor
}

/// A virtual machine with one of the benchmark's guests. Either side runs it, in turns, on the same vCPU.
final class BenchMachine {
  let memory: GuestMemory
  let vm: KVMVirtualMachine
  let handle: VCPUHandle
  /// When exits came and when they were answered, in pairs.
  let stamps = StampBuffer(count: 2 * BenchLayout.mostRecords + 16)
  private(set) var stampCount = 0
  private var loop: VCPULoop
  /// Whether the guest is known to come to an end.
  private var isProven = false
  /// Seconds until a guest is given up that has not yet come to an end.
  private let patience: Int32
  private let notesKicks: Bool

  /// - Parameters:
  ///   - cpus: 2 where there is a second vCPU, to be made by `makeSecond`.
  ///   - isTouched: whether it has pages to be touched.
  init(
    _ kind: ExitKind, on kvm: borrowing KVM, cpus: UInt32 = 1, isTouched: Bool = false
  ) throws(BenchError) {
    guard let guest = BenchGuest(kind) else { throw .lacks("it has no guest") }
    let ranges =
      [
        GuestRange(base: 0, size: Layout.legacyVideo.value),
        GuestRange(
          base: Layout.highMemory,
          size: BenchLayout.records.value - Layout.highMemory.value
            + UInt64(BenchLayout.mostRecords) * BenchLayout.recordSize),
      ] + (isTouched ? [BenchLayout.touched] : [])
    let memory = try BenchError.making("the guest's memory") { () throws(Errno) in try GuestMemory(ranges) }
    do throws(OutOfGuestMemory) {
      try memory.write(bytes: guest.bytes, at: Layout.flatImage)
      try memory.write(bytes: BootGDT.bytes(code: .code64), at: Layout.gdt)
      try memory.write(bytes: LongMode.pageTables(at: Layout.pageTables), at: Layout.pageTables)
    } catch {
      throw .lacks("its guest does not fit into memory")
    }
    self.memory = memory
    notesKicks = kind == .kick
    patience = kind.isBackToBack && kind.threads == 1 ? 5 : 60
    vm = try BenchError.asking { () throws(KVMError) in try KVMVirtualMachine.make(on: kvm, memory: memory) }
    handle = VCPUHandle(id: 0)
    loop = try Self.makeLoop(
      vm, handle, memory: memory, entry: Layout.flatImage, cpus: cpus, kvm: kvm)
  }

  /// A second vCPU, which runs the guest from its second entry on.
  func makeSecond(_ handle: VCPUHandle, on kvm: borrowing KVM) throws(BenchError) -> sending VCPULoop {
    let loop = try Self.makeLoop(
      vm, handle, memory: memory, entry: GuestAddress(Layout.flatImage.value + BenchLayout.secondEntry),
      cpus: 2,
      kvm: kvm)
    try BenchError.check("KVM_SET_MP_STATE", ckvm_set_runnable(loop.vcpu.descriptor.number))
    return loop
  }

  private static func makeLoop(
    _ vm: borrowing KVMVirtualMachine, _ handle: VCPUHandle, memory: GuestMemory, entry: GuestAddress,
    cpus: UInt32, kvm: borrowing KVM
  ) throws(BenchError) -> sending VCPULoop {
    let supported = try BenchError.asking { () throws(KVMError) in try kvm.supportedCPUID().entries }
    let vcpu = try BenchError.asking { () throws(KVMError) in
      let vcpu = try vm.makeVCPU(id: handle.id)
      try vcpu.prepare(
        // Its guest is not run where KVM lacks the timer.
        cpuid: CPUID(count: cpus, hasTSCDeadline: true).entries(from: supported, id: handle.id),
        entry: .linux64(entry: entry))
      return vcpu
    }
    let dispatcher: ExitDispatcher
    do throws(AddressConflict) {
      dispatcher = ExitDispatcher(ports: try BenchBus.ports(handle: handle), memory: try BenchBus.memory())
    } catch {
      throw .lacks("its devices overlap")
    }
    let (power, reported) = try BenchError.making("eventfd") { () throws(Errno) in
      (try PowerControl(), try SharedEvent())
    }
    return VCPULoop(
      vcpu, handle: handle, dispatcher: dispatcher, power: power, memory: memory, reported: reported)
  }

  /// A word that it shares with its guest.
  func word(_ place: BenchLayout.Word) throws(BenchError) -> SharedWord {
    guard let word = SharedWord(place, in: memory) else { throw .lacks("its guest has no such memory") }
    return word
  }

  /// What to add to the host's time stamp counter to have the guest's; nil where KVM does not tell.
  ///
  /// Both count equally fast, as nothing here asks for another frequency.
  var clockOffset: UInt64? {
    var offset: Int64 = 0
    // The call fills the local variable.
    guard unsafe ckvm_tsc_offset(loop.vcpu.descriptor.number, &offset) == 0 else { return nil }
    return UInt64(bitPattern: offset)
  }

  /// As `run`, and waits for a thread that does its part of the batch. Where the guest fails, `over` tells it so.
  ///
  /// - Parameter wake: has a thread that sleeps look at `over`.
  func run(
    _ side: BenchSide, beside other: consuming HostThread, until over: OverFlag, wake: () -> Void = {}
  ) throws(BenchError) {
    do throws(BenchError) {
      try run(side)
    } catch {
      over.raise()
      wake()
      other.join()
      throw error
    }
    other.join()
  }

  /// Runs the guest on the calling thread, from where it stopped, for one batch. The first under swiftvm is watched,
  /// and should be short.
  func run(_ side: BenchSide) throws(BenchError) {
    switch side {
    case .swiftvm:
      var watchdog: Watchdog? =
        isProven
        ? nil
        : try BenchError.making("a thread") { [handle, patience] () throws(Errno) in
          try Watchdog(over: handle, seconds: patience)
        }
      // The stamps outlive the call.
      let (ending, words) = unsafe loop.run(stamping: stamps.words, kicks: notesKicks)
      if watchdog.take()?.end() == true { throw .guest("it comes to no end") }
      isProven = true
      stampCount = words
      switch ending {
      case .stopped: return
      case .tripleFault(let report), .crashed(let report):
        throw .guest(report.cause ?? "it ended")
      }
    case .floor:
      guard let words = unsafe stamps.words.baseAddress else { return }
      var floor = unsafe ckvm_floor(
        finish_port: UInt16(BenchLayout.finishPort), stamps: words, capacity: stamps.words.count, count: 0,
        notes_kicks: notesKicks ? 1 : 0, value: 0)
      clinux_unblock_kick()
      // The run area is a mapping of the vCPU, and the structure local.
      let result = unsafe ckvm_floor_run(loop.vcpu.descriptor.number, loop.vcpu.area, &floor)
      stampCount = unsafe floor.count
      if result < 0 { throw .kvm(.call("KVM_RUN", Errno(rawValue: Int32(truncatingIfNeeded: -result)))) }
      if result > 0 { throw .guest("KVM exit reason \(result)") }
    }
  }

  /// Makes the vCPU leave the guest, from another thread, as the bare loop does it.
  ///
  /// - Precondition: `thread` runs the vCPU.
  func makeFloorKick(of thread: pthread_t) -> FloorKick {
    unsafe FloorKick(thread: thread, area: loop.vcpu.area)
  }

  /// The samples that the guest noted last: when each began, when it ended, and a moment between.
  func records(_ count: Int) throws(BenchError) -> [BenchRecord] {
    guard
      let base = unsafe memory.hostPointer(
        at: BenchLayout.records, size: UInt64(count) * BenchLayout.recordSize)
    else { throw .lacks("its guest has no room for so many samples") }
    return (0..<count).map { index in
      // hostPointer checked the length; the guest runs no more, and the words are copied all the same.
      let record = unsafe base + index * Int(BenchLayout.recordSize)
      return unsafe BenchRecord(
        begin: record.loadUnaligned(as: UInt64.self),
        end: record.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
        between: record.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    }
  }
}

/// A sample as its guest noted it, in ticks of the guest's time stamp counter.
struct BenchRecord: Equatable {
  let begin: UInt64
  let end: UInt64
  let between: UInt64
}

/// A kick without swiftvm's mailbox.
@safe
struct FloorKick: Sendable {
  // Both are valid while the machine lives and the thread runs its vCPU.
  let thread: pthread_t
  fileprivate nonisolated(unsafe) let area: UnsafeMutablePointer<kvm_run>

  fileprivate init(thread: pthread_t, area: UnsafeMutablePointer<kvm_run>) {
    self.thread = thread
    unsafe self.area = area
  }

  func send() {
    unsafe ckvm_floor_kick(thread, clinux_kick_signal(), area)
  }

  /// Whether the last kick, of either side, has had its effect.
  var isAnswered: Bool {
    // A byte that the vCPU's thread clears; a loop around this reads it anew, as it calls C.
    unsafe ckvm_has_kick(area) == 0
  }
}
