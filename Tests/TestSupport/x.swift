public import Devices
