@testable import Devices
