// A driver that does what drivers must not, to every virtio device that it knows. Whatever a trick does to its device,
// after a reset the device has to serve a request.
import Bare
import Virtio

@main enum Hostile {
  static func main() {
    for kind in Kind.allCases {
      guard let device = VirtioFunction(type: kind.rawValue) else { continue }
      print(kind.name)
      let memory = Page.allocate()
      for trick in Trick.ofQueues() + Trick.ofRegisters() {
        play(trick, Victim(kind, device, memory))
        var victim = Victim(kind, device, memory)
        print(victim.isServed() ? ", then served" : ", then not served")
      }
    }
    print("the end")
  }

  static func play(_ trick: Trick, _ victim: consuming Victim) {
    print("  ", terminator: "")
    print(trick.name, terminator: "")
    trick.play(&victim)
    if trick.isAnswered {
      print(": ", terminator: "")
      print(victim.answer().name, terminator: "")
    }
  }
}
