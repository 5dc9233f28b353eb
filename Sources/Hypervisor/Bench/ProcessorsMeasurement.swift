internal import Devices
internal import SystemPackage

/// One vCPU interrupts another, which is busy.
struct ProcessorsMeasurement: BatchedMeasurement {
  let kind = ExitKind.ipi
  private let machine: BenchMachine
  private let samples: SharedWord
  private let second: SecondProcessor

  init(on kvm: borrowing KVM, host: BenchHost) throws(BenchError) {
    machine = try BenchMachine(kind, on: kvm, cpus: 2)
    samples = try machine.word(.samples)
    let handle = VCPUHandle(id: 1)
    let loop = try machine.makeSecond(handle, on: kvm)
    second = try SecondProcessor(loop, host: host)
  }

  func batch(_ side: BenchSide, of count: Int, warmUp: Int) throws(BenchError) -> RawSamples {
    samples.value = UInt64(count)
    try machine.run(side)
    return RawSamples(splitting: try machine.records(count), warmUp: warmUp)
  }
}

/// A vCPU that runs on a thread of its own as long as this lives.
private final class SecondProcessor {
  private let processor: Processor
  private var thread: HostThread?

  init(_ loop: consuming sending VCPULoop, host: BenchHost) throws(BenchError) {
    let endings = try BenchError.making("eventfd") { () throws(Errno) in try EndingBox() }
    let processor = Processor(loop, endings: endings)
    self.processor = processor
    thread = try BenchError.making("a thread") { () throws(Errno) in
      try processor.start { host.pin(thread: 1) }
    }
  }

  deinit {
    processor.handle.ask(VCPUHandle.Request.stop)
    if let thread = thread.take() { thread.join() }
  }
}
