@testable import Hypervisor
