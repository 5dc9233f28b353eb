internal import FoundationEssentials
internal import Hypervisor

/// The options of `run` as a JSON document; each key is the option's long name. What is nil was not
/// said.
struct ConfigurationFile: Codable, Equatable {
  var kernel: String?
  var initrd: String?
  var flat: String?
  var append: [String]?
  var appendOnly: String?
  /// A number of MiB, or a text as `-m` takes it.
  var memory: MemoryText?
  var cpus: Int?
  /// Each as `-d` takes it.
  var disk: [String]?
  /// Each as `--fw-cfg` takes it.
  var fwCfg: [String]?
  var serial: String?
  var console: String?
  var noRNG: Bool?
  /// Each as `--net` takes it.
  var net: [String]?
  /// Each as `--publish` takes it.
  var publish: [String]?
  var name: String?
  var onReboot: String?
  var shutdownTimeout: UInt32?
  var bootHint: UInt32?
  /// A port, as `--debug-exit` takes it.
  var debugExit: String?
  var exitStats: Bool?
  var trace: String?
  /// A number of MiB, or a text as `--trace-limit` takes it.
  var traceLimit: MemoryText?
  var bootChart: String?
  /// As `--metrics` takes it.
  var metrics: String?
  /// As `--gdb` takes it.
  var gdb: String?
  var gdbWait: Bool?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case kernel, initrd, flat, append, memory, cpus, disk, net, publish, name, serial, console, trace, metrics
    case gdb
    case fwCfg = "fw-cfg"
    case noRNG = "no-rng"
    case appendOnly = "append-only"
    case onReboot = "on-reboot"
    case shutdownTimeout = "shutdown-timeout"
    case bootHint = "boot-hint"
    case debugExit = "debug-exit"
    case exitStats = "exit-stats"
    case traceLimit = "trace-limit"
    case bootChart = "boot-chart"
    case gdbWait = "gdb-wait"
  }

  /// What stands in `other` wins.
  func overridden(by other: ConfigurationFile) -> ConfigurationFile {
    var merged = self
    // An image from the flags takes the place of the file's, of whichever kind.
    if other.kernel != nil || other.flat != nil {
      merged.kernel = other.kernel
      merged.flat = other.flat
      // They belong to the file's kernel, and a flat image takes none.
      if other.kernel == nil { (merged.initrd, merged.append, merged.appendOnly) = (nil, nil, nil) }
    }
    merged.initrd = other.initrd ?? merged.initrd
    merged.append = other.append ?? merged.append
    merged.appendOnly = other.appendOnly ?? merged.appendOnly
    merged.memory = other.memory ?? memory
    merged.cpus = other.cpus ?? cpus
    merged.disk = other.disk ?? disk
    merged.fwCfg = other.fwCfg ?? fwCfg
    merged.serial = other.serial ?? serial
    merged.console = other.console ?? console
    merged.noRNG = other.noRNG ?? noRNG
    merged.net = other.net ?? net
    merged.publish = other.publish ?? publish
    merged.name = other.name ?? name
    merged.onReboot = other.onReboot ?? onReboot
    merged.shutdownTimeout = other.shutdownTimeout ?? shutdownTimeout
    merged.bootHint = other.bootHint ?? bootHint
    merged.debugExit = other.debugExit ?? debugExit
    merged.exitStats = other.exitStats ?? exitStats
    merged.trace = other.trace ?? trace
    merged.traceLimit = other.traceLimit ?? traceLimit
    merged.metrics = other.metrics ?? metrics
    merged.bootChart = other.bootChart ?? bootChart
    merged.gdb = other.gdb ?? gdb
    merged.gdbWait = other.gdbWait ?? gdbWait
    return merged
  }

  /// The configuration that the document describes, defaults filled in.
  func configuration() throws(Failure) -> VMConfiguration {
    var result = VMConfiguration()
    switch (kernel, flat) {
    case (let kernel?, nil): result.image = .kernel(path: kernel, initrd: initrd)
    case (nil, let flat?):
      guard initrd == nil else {
        throw Failure(
          .usage, "a flat image takes no initrd", hint: "leave --initrd out, or give a kernel with -k")
      }
      guard append ?? [] == [], appendOnly == nil else {
        throw Failure(
          .usage, "a flat image takes no kernel arguments",
          hint: "leave --append and --append-only out, or give a kernel with -k")
      }
      result.image = .flat(path: flat)
    case (nil, nil): break
    case (_?, _?):
      throw Failure(.usage, "both --kernel and --flat given", hint: "a machine starts one of the two")
    }
    result.append = append ?? []
    result.appendOnly = appendOnly
    if let memory { result.memory = try memory.bytes() }
    if let cpus { result.cpus = cpus }
    if let console { result.console = try Self.target(console, option: "--console") }
    for text in fwCfg ?? [] { result.firmwareFiles.append(try FirmwareOption.file(text)) }
    for text in disk ?? [] { result.disks.append(try DiskConfiguration(text)) }
    if let serial {
      result.serial = try Self.target(serial, option: "--serial")
    } else if result.console == .stdio {
      // There is one standard output, and it was asked for.
      result.serial = .null
    }
    result.hasEntropy = noRNG != true
    result.networks = try NetworkOption.cards(net ?? [])
    result.published = try PublishOption.ports(publish ?? [], cards: result.networks)
    result.name = try name.map { name throws(Failure) in try MachineName.checked(name) }
    if let onReboot {
      guard let policy = RebootPolicy(rawValue: onReboot) else {
        throw Failure(.usage, "--on-reboot \(onReboot): no such policy", hint: "use reset or exit")
      }
      result.onReboot = policy
    }
    if let shutdownTimeout { result.shutdownTimeout = shutdownTimeout }
    if let bootHint { result.bootHint = bootHint }
    result.hasExitStatistics = exitStats == true
    result.trace = trace
    result.bootChart = bootChart
    if let traceLimit { result.traceLimit = try traceLimit.bytes(option: "--trace-limit") }
    if let metrics {
      guard let target = MetricsTarget(metrics) else {
        throw Failure(.usage, "--metrics \(metrics): no such target", hint: "use FILE or unix=PATH")
      }
      result.metrics = target
    }
    if let gdb { result.debugger = try Self.debugger(gdb) }
    result.waitsForDebugger = gdbWait == true
    if let debugExit { result.debugExit = try DebugExitOption.port(debugExit) }
    return result
  }

  private static func target(_ text: String, option: String) throws(Failure) -> ConsoleTarget {
    if let target = ConsoleTarget(text) { return target }
    throw Failure(
      .usage, "\(option) \(text): no such target", hint: "use stdio, pty, file=PATH, socket=PATH or null")
  }

  private static func debugger(_ text: String) throws(Failure) -> DebuggerAddress {
    if let address = DebuggerAddress(text) { return address }
    throw Failure(
      .usage, "--gdb \(text): neither a port nor a socket",
      hint: "write a port from 1 to 65535 of the loopback address, or unix=PATH")
  }

  /// The document that gives `configuration`, every key said that has a value.
  init(_ configuration: VMConfiguration) {
    switch configuration.image {
    case .kernel(let path, let initrd): (kernel, self.initrd) = (path, initrd)
    case .flat(let path): flat = path
    case nil: break
    }
    append = configuration.append
    appendOnly = configuration.appendOnly
    memory = .text("\(MemorySize(bytes: configuration.memory))")
    cpus = configuration.cpus
    disk = configuration.disks.map(\.text)
    fwCfg = configuration.firmwareFiles.map(FirmwareOption.text)
    serial = "\(configuration.serial)"
    console = configuration.console.map { "\($0)" }
    noRNG = !configuration.hasEntropy
    net = configuration.networks.map(NetworkOption.text)
    publish = configuration.published.map { "\($0)" }
    name = configuration.name
    onReboot = configuration.onReboot.rawValue
    shutdownTimeout = configuration.shutdownTimeout
    bootHint = configuration.bootHint
    debugExit = configuration.debugExit.map(DebugExitOption.text)
    exitStats = configuration.hasExitStatistics
    trace = configuration.trace
    bootChart = configuration.bootChart
    metrics = configuration.metrics.map { "\($0)" }
    traceLimit = configuration.traceLimit.map { .text("\(MemorySize(bytes: $0))") }
    gdb = configuration.debugger.map { "\($0)" }
    gdbWait = configuration.waitsForDebugger
  }

  init() {}
}

/// `"memory": 512` and `"memory": "512M"` say the same.
enum MemoryText: Codable, Equatable {
  case mebibytes(UInt64)
  case text(String)

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let number = try? value.decode(UInt64.self) {
      self = .mebibytes(number)
    } else {
      guard let text = try? value.decode(String.self) else {
        throw DecodingError.dataCorruptedError(
          in: value, debugDescription: "a number of MiB or a text such as \"512M\" is expected")
      }
      self = .text(text)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .mebibytes(let number): try value.encode(number)
    case .text(let text): try value.encode(text)
    }
  }

  func bytes(option: String = "--memory") throws(Failure) -> UInt64 {
    let text =
      switch self {
      case .mebibytes(let number): "\(number)"
      case .text(let text): text
      }
    guard let size = MemorySize(text) else {
      throw Failure(
        .usage, "\(option) \(text): not an amount of memory",
        hint: "write 512M or 2G; a bare number counts MiB")
    }
    return size.bytes
  }
}
