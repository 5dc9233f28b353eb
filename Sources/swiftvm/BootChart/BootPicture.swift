internal import Hypervisor

/// A boot as an SVG: its phases as bars, and below them the exits by reason, one above the other. Colours follow the
/// reader's choice of light or dark.
struct BootPicture {
  private let phases: [BootPhases.Phase]
  private let exits: ExitTimeline
  /// Nanoseconds that the picture spans.
  private let span: UInt64
  /// Exits that are not in `exits`, as they came too fast.
  private let lost: UInt64

  // Units of the picture.
  private static let width = 960.0
  private static let left = 330.0
  private static let right = 930.0
  private static let rowHeight = 24.0
  private static let top = 56.0
  private static let plotHeight = 180.0

  init(_ phases: BootPhases, _ exits: ExitTimeline, lost: UInt64 = 0) {
    self.lost = lost
    self.phases = phases.phases
    self.exits = exits
    span = max(phases.phases.map(\.end).max() ?? 0, 1)
  }

  var svg: String {
    let plotTop = Self.top + Double(phases.count) * Self.rowHeight + 46
    let bottom = plotTop + Self.plotHeight
    let height = bottom + 96
    var lines = [
      #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(Int(Self.width)) \#(Int(height))" font-family="sans-serif" font-size="12">"#,
      "<title>Where a boot's time goes</title>", Self.style,
      #"<rect class="ground" width="100%" height="100%"/>"#,
      #"<text class="ink" x="16" y="28" font-size="18">Where a boot's time goes: \#(Self.time(span))</text>"#,
    ]
    lines += rows(to: bottom)
    lines.append(
      #"<text class="ink" x="16" y="\#(Self.number(plotTop - 16))" font-size="14">Exits to swiftvm, by reason</text>"#
    )
    lines += plot(plotTop)
    lines += axis(bottom)
    lines += notes(bottom + 48)
    lines.append("</svg>")
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: Parts

  private func rows(to bottom: Double) -> [String] {
    phases.enumerated().flatMap { index, phase in
      let y = Self.top + Double(index) * Self.rowHeight
      let (from, to) = (x(phase.begin), x(phase.end))
      let duration = Self.time(phase.end - phase.begin)
      return [
        #"<line class="grid" x1="\#(Self.number(from))" y1="\#(Self.number(y))" x2="\#(Self.number(from))" y2="\#(Self.number(bottom))"/>"#,
        #"<text class="ink" x="16" y="\#(Self.number(y + 15))">\#(Self.escaped(phase.name))</text>"#,
        #"<rect class="phase" x="\#(Self.number(from))" y="\#(Self.number(y + 4))" width="\#(Self.number(max(to - from, 1)))" height="\#(Self.number(Self.rowHeight - 8))"/>"#,
        #"<text class="ink" x="\#(Self.number(Self.left - 10))" y="\#(Self.number(y + 15))" text-anchor="end">\#(duration)</text>"#,
      ]
    }
  }

  private func plot(_ top: Double) -> [String] {
    let most = Double(max(exits.most, 1))
    let slice = (Self.right - Self.left) * Double(exits.width) / Double(span)
    var bases = [Double](repeating: 0, count: exits.sliceCount)
    let areas = ExitReason.allCases.compactMap { reason -> String? in
      var path = ""
      for index in 0..<exits.sliceCount {
        let count = Double(exits.count(reason, in: index))
        let from = Self.left + Double(index) * slice
        guard count > 0, from < Self.right else { continue }
        let height = count / most * Self.plotHeight
        let y = top + Self.plotHeight - bases[index] - height
        bases[index] += height
        let width = min(slice, Self.right - from)
        path +=
          "M\(Self.number(from)) \(Self.number(y))h\(Self.number(width))v\(Self.number(height))h\(Self.number(-width))z"
      }
      return path.isEmpty ? nil : #"<path class="r\#(reason.rawValue)" d="\#(path)"/>"#
    }
    let rate = UInt64(most * 1e9 / Double(exits.width))
    return areas + [
      #"<text class="ink" x="\#(Self.number(Self.left - 8))" y="\#(Self.number(top + 10))" text-anchor="end">\#(rate) a second</text>"#,
      #"<text class="ink" x="\#(Self.number(Self.left - 8))" y="\#(Self.number(top + Self.plotHeight))" text-anchor="end">0</text>"#,
    ] + legend(top)
  }

  private func legend(_ top: Double) -> [String] {
    let shown = ExitReason.allCases.filter { reason in exits.counts[reason.rawValue].contains { $0 > 0 } }
    let rest =
      #"<text class="ink" x="34" y="\#(Self.number(top + 28 + Double(shown.count) * 17))">not counted: \#(lost)</text>"#
    return (lost > 0 ? [rest] : [])
      + shown.enumerated().flatMap { index, reason in
        let y = top + 28 + Double(index) * 17
        let total = exits.counts[reason.rawValue].reduce(0, +)
        return [
          #"<rect class="r\#(reason.rawValue)" x="16" y="\#(Self.number(y - 10))" width="11" height="11"/>"#,
          #"<text class="ink" x="34" y="\#(Self.number(y))">\#(Self.escaped(reason.name)): \#(total)</text>"#,
        ]
      }
  }

  private func axis(_ y: Double) -> [String] {
    let line =
      #"<line class="axis" x1="\#(Self.number(Self.left))" y1="\#(Self.number(y))" x2="\#(Self.number(Self.right))" y2="\#(Self.number(y))"/>"#
    return [line]
      + (0...4).map { part in
        let time = span / 4 * UInt64(part)
        return
          #"<text class="ink" x="\#(Self.number(x(time)))" y="\#(Self.number(y + 18))" text-anchor="\#(part < 4 ? "middle" : "end")">\#(Self.time(time))</text>"#
      }
  }

  private func notes(_ y: Double) -> [String] {
    [
      "Seen from outside: Linux unpacks itself at low addresses and touches no device meanwhile, so that ends, at the latest, with the",
      "first exit at a kernel address. init begins with the kernel's line \"Run ... as init process\", which a quiet kernel does not write.",
    ].enumerated().map { index, line in
      #"<text class="faint" x="16" y="\#(Self.number(y + Double(index) * 16))">\#(Self.escaped(line))</text>"#
    }
  }

  // MARK: Text

  private func x(_ time: UInt64) -> Double {
    Self.left + (Self.right - Self.left) * Double(min(time, span)) / Double(span)
  }

  private static func time(_ nanoseconds: UInt64) -> String {
    ExitStatisticsText.duration(Double(nanoseconds))
  }

  /// With one digit behind the point.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }

  private static let style = """
    <style>
    .ground { fill: #ffffff } .ink { fill: #222222 } .faint { fill: #666666; font-size: 11px }
    .grid { stroke: #bbbbbb; stroke-dasharray: 2 3 } .axis { stroke: #666666 } .phase { fill: #4477aa }
    .r0 { fill: #66ccee } .r1 { fill: #228833 } .r2 { fill: #ccbb44 } .r3 { fill: #ee6677 } .r4 { fill: #aa3377 }
    .r5 { fill: #999999 } .r6 { fill: #ee7733 } .r7 { fill: #4477aa }
    @media (prefers-color-scheme: dark) {
    .ground { fill: #181818 } .ink { fill: #e8e8e8 } .faint { fill: #a0a0a0 }
    .grid { stroke: #555555 } .axis { stroke: #999999 } .phase { fill: #77aadd }
    }
    </style>
    """
}
