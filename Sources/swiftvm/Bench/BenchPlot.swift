internal import Glibc
internal import Hypervisor

/// Results as a picture: a bar for each median, and a curve for each distribution.
enum BenchPlot {
  private static let width = 960
  private static let margin = 24.0
  private static let title = "What it costs to leave a guest"

  private static let style = """
    .ours { fill: #0969da; } .floor { fill: #bf8700; }
    .ours-line { stroke: #0969da; } .floor-line { stroke: #bf8700; stroke-dasharray: 5 3; }
    @media (prefers-color-scheme: dark) {
      .ours { fill: #4493f8; } .floor { fill: #d29922; }
      .ours-line { stroke: #4493f8; } .floor-line { stroke: #d29922; }
    }
    """

  static func svg(_ report: BenchReport) -> String {
    var drawing = SVG(width: width, style: style)
    drawing.text(title, x: margin, y: 38, style: "title")
    let host = report.host
    drawing.text(
      "\(host.cpu)\(host.isVirtual ? ", of a virtual machine" : ""), Linux \(host.kernel), \(host.kvm)"
        + (host.emulates ? ", kernel code emulated" : ""),
      x: margin, y: 58, style: "small")
    legend(&drawing, y: 80)
    var y = bars(report, &drawing, from: 104)
    y = curves(report, &drawing, from: y + 40)
    return drawing.document(height: y + margin, title: title)
  }

  private static func legend(_ drawing: inout SVG, y: Double) {
    for (x, style, name) in [(margin, "ours", "swiftvm"), (margin + 90, "floor", "floor: a bare loop in C")] {
      drawing.rectangle(x: x, y: y - 9, width: 12, height: 10, style: style)
      drawing.text(name, x: x + 18, y: y)
    }
  }

  /// A scale by powers of ten.
  struct Scale {
    let low: Double
    let high: Double

    /// Whole powers of ten around `nanoseconds`.
    init(_ nanoseconds: [Double]) {
      let positive = nanoseconds.map { max($0, 1) }
      low = log10(positive.min() ?? 1).rounded(.down)
      high = max(log10(positive.max() ?? 1).rounded(.up), low + 1)
    }

    /// From 0 to 1.
    func position(_ nanoseconds: Double) -> Double { (log10(max(nanoseconds, 1)) - low) / (high - low) }

    /// The powers of ten, by their nanoseconds.
    var marks: [Double] { (Int(low)...Int(high)).map { pow(10, Double($0)) } }

    /// A power of ten.
    static func text(_ nanoseconds: Double) -> String {
      let (unit, name) = [(1e9, "s"), (1e6, "ms"), (1e3, "us")].first { nanoseconds >= $0.0 } ?? (1, "ns")
      return (nanoseconds / unit).decimal(0) + " " + name
    }
  }

  // MARK: Bars

  private static func bars(_ report: BenchReport, _ drawing: inout SVG, from top: Double) -> Double {
    let (left, right) = (170.0, Double(width) - 190)
    let row = 30.0
    let bottom = top + 20 + row * Double(report.results.count)
    // A bar begins a power of ten below the shortest, or that one would have no length.
    let medians = report.results.flatMap { [$0.swiftvm.p50, $0.floor.p50].map(report.nanoseconds) }
    let scale = Scale(medians + [(medians.min() ?? 1) / 2])
    drawing.text("Median", x: margin, y: top + 8, style: "head")
    drawing.text("swiftvm / floor", x: Double(width) - margin, y: top + 8, style: "head", anchor: .end)
    for mark in scale.marks {
      let x = left + scale.position(mark) * (right - left)
      drawing.line(from: (x, top + 14), to: (x, bottom))
      drawing.text(Scale.text(mark), x: x, y: bottom + 14, style: "small", anchor: .middle)
    }
    for (index, result) in report.results.enumerated() {
      let y = top + 20 + row * Double(index)
      drawing.text(result.kind.rawValue, x: left - 10, y: y + 15, anchor: .end)
      for (offset, side, ticks) in [(2.0, "ours", result.swiftvm.p50), (13.0, "floor", result.floor.p50)] {
        let nanoseconds = report.nanoseconds(ticks)
        let length = scale.position(nanoseconds) * (right - left)
        let text = ExitStatisticsText.duration(nanoseconds)
        drawing.rectangle(x: left, y: y + offset, width: length, height: 9, style: side, title: text)
        drawing.text(text, x: left + length + 6, y: y + offset + 8, style: "small")
      }
      drawing.text(
        result.ratio.decimal(3), x: Double(width) - margin, y: y + 15, anchor: .end)
    }
    return bottom + 20
  }

  // MARK: Curves

  private static func curves(_ report: BenchReport, _ drawing: inout SVG, from top: Double) -> Double {
    let columns = 3
    let gap = 24.0
    let cell = (Double(width) - 2 * margin - gap * Double(columns - 1)) / Double(columns)
    let height = 170.0
    drawing.text("Percentiles: so many samples took no longer", x: margin, y: top, style: "head")
    for (index, result) in report.results.enumerated() {
      let x = margin + Double(index % columns) * (cell + gap)
      let y = top + 16 + Double(index / columns) * (height + gap)
      curve(of: result, report, &drawing, x: x, y: y, width: cell, height: height)
    }
    let rows = (report.results.count + columns - 1) / columns
    return top + 16 + Double(rows) * (height + gap)
  }

  private static func curve(
    of result: ExitResult, _ report: BenchReport, _ drawing: inout SVG, x: Double, y: Double, width: Double,
    height: Double
  ) {
    let (left, right, top, bottom) = (x + 46, x + width - 6, y + 22, y + height - 18)
    let points = [("ours-line", result.swiftvm), ("floor-line", result.floor)]
    let scale = Scale(points.flatMap { $0.1.curve.map { report.nanoseconds($0.ticks) } })
    drawing.text(result.kind.rawValue, x: x, y: y + 12, style: "head")
    for mark in scale.marks {
      let height = bottom - scale.position(mark) * (bottom - top)
      drawing.line(from: (left, height), to: (right, height))
      drawing.text(
        Scale.text(mark), x: left - 4, y: height + 3, style: "small", anchor: .end)
    }
    for percentile in [0, 50, 90, 99, 99.9, 99.99] {
      let place = left + position(percentile) * (right - left)
      drawing.text(
        percentile.decimal(percentile == 99.99 ? 2 : percentile == 99.9 ? 1 : 0), x: place,
        y: bottom + 13,
        style: "small", anchor: .middle)
    }
    for (style, latency) in points {
      drawing.curve(
        latency.curve.map { point in
          (
            x: left + position(point.percentile) * (right - left),
            y: bottom - scale.position(report.nanoseconds(point.ticks)) * (bottom - top)
          )
        }, style: style)
    }
  }

  /// Where a percentile lies from 0 to 1: each further nine is as far from the last.
  static func position(_ percentile: Double) -> Double {
    let nines = percentile >= 100 ? 4.4 : -log10(1 - percentile / 100)
    return min(nines, 4.4) / 4.4
  }
}
