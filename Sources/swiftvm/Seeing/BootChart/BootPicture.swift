internal import Hypervisor

/// A boot as an SVG: its phases as bars, and below them the exits by reason, one above the other.
struct BootPicture {
  private let phases: [BootPhases.Phase]
  private let exits: ExitTimeline
  /// Nanoseconds that the picture spans.
  private let span: UInt64
  /// Exits that are not in `exits`, as they came too fast.
  private let lost: UInt64

  // Units of the picture.
  private static let width = 960
  private static let margin = 16.0
  private static let left = 330.0
  private static let right = 930.0
  private static let rowHeight = 24.0
  private static let top = 56.0
  private static let plotHeight = 180.0

  private static let title = "Where a boot's time goes"
  private static let style = """
    .phase { fill: #4477aa; }
    .r0 { fill: #66ccee; } .r1 { fill: #228833; } .r2 { fill: #ccbb44; } .r3 { fill: #ee6677; } .r4 { fill: #aa3377; }
    .r5 { fill: #999999; } .r6 { fill: #ee7733; } .r7 { fill: #4477aa; }
    @media (prefers-color-scheme: dark) { .phase { fill: #77aadd; } }
    """

  init(_ phases: BootPhases, _ exits: ExitTimeline, lost: UInt64 = 0) {
    self.lost = lost
    self.phases = phases.phases
    self.exits = exits
    span = max(phases.phases.map(\.end).max() ?? 0, 1)
  }

  var svg: String {
    let plotTop = Self.top + Double(phases.count) * Self.rowHeight + 46
    let bottom = plotTop + Self.plotHeight
    var drawing = SVG(width: Self.width, style: Self.style)
    drawing.text("\(Self.title): \(Self.time(span))", x: Self.margin, y: 30, style: "title")
    drawRows(&drawing, to: bottom)
    drawing.text("Exits to swiftvm, by reason", x: Self.margin, y: plotTop - 16, style: "head")
    drawPlot(&drawing, plotTop)
    drawLegend(&drawing, plotTop)
    drawAxis(&drawing, bottom)
    drawNotes(&drawing, bottom + 48)
    return drawing.document(height: bottom + 96, title: Self.title)
  }

  // MARK: Parts

  private func drawRows(_ drawing: inout SVG, to bottom: Double) {
    for (index, phase) in phases.enumerated() {
      let y = Self.top + Double(index) * Self.rowHeight
      let (from, to) = (x(phase.begin), x(phase.end))
      drawing.line(from: (from, y), to: (from, bottom))
      drawing.text(phase.name, x: Self.margin, y: y + 15)
      drawing.rectangle(
        x: from, y: y + 4, width: max(to - from, 1), height: Self.rowHeight - 8, style: "phase")
      drawing.text(Self.time(phase.end - phase.begin), x: Self.left - 10, y: y + 15, anchor: .end)
    }
  }

  private func drawPlot(_ drawing: inout SVG, _ top: Double) {
    let most = Double(max(exits.most, 1))
    let slice = (Self.right - Self.left) * Double(exits.width) / Double(span)
    var bases = [Double](repeating: 0, count: exits.sliceCount)
    for reason in ExitReason.allCases {
      var parts: [(x: Double, y: Double, width: Double, height: Double)] = []
      for index in 0..<exits.sliceCount {
        let count = Double(exits.count(reason, in: index))
        let from = Self.left + Double(index) * slice
        guard count > 0, from < Self.right else { continue }
        let height = count / most * Self.plotHeight
        let y = top + Self.plotHeight - bases[index] - height
        bases[index] += height
        parts.append((from, y, min(slice, Self.right - from), height))
      }
      if !parts.isEmpty { drawing.area(parts, style: "r\(reason.rawValue)") }
    }
    let rate = UInt64(most * 1e9 / Double(exits.width))
    drawing.text("\(rate) a second", x: Self.left - 8, y: top + 10, anchor: .end)
    drawing.text("0", x: Self.left - 8, y: top + Self.plotHeight, anchor: .end)
  }

  private func drawLegend(_ drawing: inout SVG, _ top: Double) {
    var y = top + 28
    for reason in ExitReason.allCases {
      let total = exits.counts[reason.rawValue].reduce(0, +)
      guard total > 0 else { continue }
      drawing.rectangle(x: Self.margin, y: y - 10, width: 11, height: 11, style: "r\(reason.rawValue)")
      drawing.text("\(reason.name): \(total)", x: Self.margin + 18, y: y)
      y += 17
    }
    if lost > 0 { drawing.text("not counted: \(lost)", x: Self.margin + 18, y: y) }
  }

  private func drawAxis(_ drawing: inout SVG, _ y: Double) {
    drawing.line(from: (Self.left, y), to: (Self.right, y))
    for part in 0...4 {
      let time = span / 4 * UInt64(part)
      drawing.text(Self.time(time), x: x(time), y: y + 18, anchor: part < 4 ? .middle : .end)
    }
  }

  private func drawNotes(_ drawing: inout SVG, _ y: Double) {
    let lines = [
      "Seen from outside: Linux unpacks itself at low addresses and touches no device meanwhile, so that ends, at the latest, with the",
      "first exit at a kernel address. init begins with the kernel's line \"Run ... as init process\", which a quiet kernel does not write.",
    ]
    for (index, line) in lines.enumerated() {
      drawing.text(line, x: Self.margin, y: y + Double(index) * 16, style: "small")
    }
  }

  private func x(_ time: UInt64) -> Double {
    Self.left + (Self.right - Self.left) * Double(min(time, span)) / Double(span)
  }

  private static func time(_ nanoseconds: UInt64) -> String {
    ExitStatisticsText.duration(Double(nanoseconds))
  }
}
