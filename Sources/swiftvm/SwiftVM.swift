@main struct SwiftVM { static func main() {} }
