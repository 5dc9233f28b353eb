/// Pieces of an SVG file. Colours are classes, which the style sheet gives for light and for dark.
struct SVG {
  private let width: Int
  private let style: String
  private var body: [String] = []

  /// - Parameter style: rules for a drawing's own classes, beside those that all have.
  init(width: Int, style: String) {
    self.width = width
    self.style = style
  }

  private static let style = """
    text { font-family: system-ui, sans-serif; font-size: 12px; fill: #1f2328; }
    .title { font-size: 20px; font-weight: 600; }
    .head { font-weight: 600; }
    .small { font-size: 10px; fill: #59636e; }
    .paper { fill: #ffffff; }
    .grid { stroke: #d1d9e0; stroke-width: 1; }
    polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .small { fill: #9198a1; } .paper { fill: #0d1117; } .grid { stroke: #3d444d; }
    }
    """

  enum Anchor: String {
    case start, middle, end
  }

  mutating func text(_ text: String, x: Double, y: Double, style: String = "", anchor: Anchor = .start) {
    let name = style.isEmpty ? "" : " class=\"\(style)\""
    body.append(
      "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\"\(name) text-anchor=\"\(anchor.rawValue)\">"
        + Self.escaped(text) + "</text>")
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, style: String, title: String = ""
  ) {
    let tip = title.isEmpty ? "" : "<title>\(Self.escaped(title))</title>"
    body.append(
      "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(max(0, width)))\" "
        + "height=\"\(Self.number(height))\" class=\"\(style)\">\(tip)</rect>")
  }

  mutating func line(from: (x: Double, y: Double), to: (x: Double, y: Double)) {
    body.append(
      "<line x1=\"\(Self.number(from.x))\" y1=\"\(Self.number(from.y))\" x2=\"\(Self.number(to.x))\" "
        + "y2=\"\(Self.number(to.y))\" class=\"grid\"/>")
  }

  mutating func curve(_ points: [(x: Double, y: Double)], style: String) {
    let text = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
    body.append("<polyline points=\"\(text)\" class=\"\(style)\"/>")
  }

  /// Rectangles as one shape.
  mutating func area(_ parts: [(x: Double, y: Double, width: Double, height: Double)], style: String) {
    let path = parts.map { part in
      "M\(Self.number(part.x)) \(Self.number(part.y))h\(Self.number(part.width))v\(Self.number(part.height))"
        + "h\(Self.number(-part.width))z"
    }
    body.append("<path d=\"\(path.joined())\" class=\"\(style)\"/>")
  }

  /// The file, with what was drawn so far.
  func document(height: Double, title: String) -> String {
    let size =
      "width=\"\(width)\" height=\"\(Self.number(height))\" viewBox=\"0 0 \(width) \(Self.number(height))\""
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" \(size) role="img">
      <title>\(Self.escaped(title))</title>
      <style>
      \(Self.style)
      \(style)
      </style>
      <rect width="100%" height="100%" class="paper"/>
      \(body.joined(separator: "\n"))
      </svg>

      """
  }

  private static func number(_ value: Double) -> String { value.decimal(1) }

  /// Text as XML holds it. What XML cannot hold at all is left out.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case _ where scalar.value < 0x20: continue
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
