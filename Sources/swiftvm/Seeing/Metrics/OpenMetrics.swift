/// A sample in the text form of OpenMetrics 1.0, as Prometheus and its like read it.
struct OpenMetrics {
  private(set) var text = ""

  init(_ sample: MetricsSample) {
    addProcessors(sample.vcpus)
    addDisks(sample.disks)
    if let serial = sample.serial {
      family("swiftvm_serial_bytes", "counter", unit: "bytes", "Bytes that went through the serial port.")
      line("swiftvm_serial_bytes_total", [("direction", "in")], "\(serial.bytesIn)")
      line("swiftvm_serial_bytes_total", [("direction", "out")], "\(serial.bytesOut)")
    }
    text += "# EOF\n"
  }

  private mutating func addProcessors(_ vcpus: [MetricsSample.Processor]) {
    guard !vcpus.isEmpty else { return }
    family("swiftvm_vcpu_seconds", "counter", unit: "seconds", "Time since the vCPU first ran.")
    for vcpu in vcpus { line("swiftvm_vcpu_seconds_total", [("vcpu", "\(vcpu.vcpu)")], "\(vcpu.seconds)") }
    family(
      "swiftvm_vcpu_exit_seconds", "summary", unit: "seconds",
      "Exits that reached swiftvm, from leaving the guest to entering it again.")
    for vcpu in vcpus {
      for exit in vcpu.exits {
        let labels = [("vcpu", "\(vcpu.vcpu)"), ("reason", exit.reason)]
        line("swiftvm_vcpu_exit_seconds", labels + [("quantile", "0.5")], "\(exit.p50)")
        line("swiftvm_vcpu_exit_seconds", labels + [("quantile", "0.99")], "\(exit.p99)")
        line("swiftvm_vcpu_exit_seconds_count", labels, "\(exit.count)")
        line("swiftvm_vcpu_exit_seconds_sum", labels, "\(exit.seconds)")
      }
    }
    family("swiftvm_device_exits", "counter", "Exits to a device's registers.")
    for vcpu in vcpus {
      for device in vcpu.devices {
        line(
          "swiftvm_device_exits_total",
          [("vcpu", "\(vcpu.vcpu)"), ("device", device.device), ("reason", device.reason)], "\(device.exits)")
      }
    }
    family("swiftvm_kvm_vcpu", "unknown", "What KVM itself counts of a vCPU, by KVM's names.")
    for vcpu in vcpus {
      for (name, value) in vcpu.kvm.sorted(by: { $0.key < $1.key }) {
        line("swiftvm_kvm_vcpu", [("vcpu", "\(vcpu.vcpu)"), ("statistic", name)], "\(value)")
      }
    }
  }

  private mutating func addDisks(_ disks: [MetricsSample.Disk]) {
    guard !disks.isEmpty else { return }
    family("swiftvm_disk_requests", "counter", "Requests that a disk completed.")
    for disk in disks {
      for (operation, count) in [("read", disk.reads), ("write", disk.writes), ("other", disk.others)] {
        line("swiftvm_disk_requests_total", [("disk", disk.disk), ("operation", operation)], "\(count)")
      }
    }
    family("swiftvm_disk_bytes", "counter", unit: "bytes", "Bytes that a disk moved.")
    for disk in disks {
      line("swiftvm_disk_bytes_total", [("disk", disk.disk), ("operation", "read")], "\(disk.bytesRead)")
      line("swiftvm_disk_bytes_total", [("disk", disk.disk), ("operation", "write")], "\(disk.bytesWritten)")
    }
    family("swiftvm_disk_failures", "counter", "Requests that the host could not carry out.")
    for disk in disks { line("swiftvm_disk_failures_total", [("disk", disk.disk)], "\(disk.failures)") }
    family("swiftvm_disk_refusals", "counter", "Requests that made no sense for the disk.")
    for disk in disks { line("swiftvm_disk_refusals_total", [("disk", disk.disk)], "\(disk.refusals)") }
  }

  private mutating func family(_ name: String, _ type: String, unit: String? = nil, _ help: String) {
    text += "# TYPE \(name) \(type)\n"
    if let unit { text += "# UNIT \(name) \(unit)\n" }
    text += "# HELP \(name) \(help)\n"
  }

  private mutating func line(_ name: String, _ labels: [(name: String, value: String)], _ value: String) {
    let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
    text += "\(name){\(list)} \(value)\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
