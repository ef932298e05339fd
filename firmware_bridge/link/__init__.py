"""The host's side of the wire: transports, frames, sessions, and a device's commands.

>>> parse_address("tcp:localhost:5331").kind
'tcp'
"""

from firmware_bridge.link.address import Address, open_address, parse_address
from firmware_bridge.link.banner import Banner
from firmware_bridge.link.capture import Capture
from firmware_bridge.link.device import Device
from firmware_bridge.link.errors import (
    DeviceError,
    DeviceFault,
    DeviceFlood,
    DeviceGone,
    DeviceNotFound,
    DeviceRefusal,
    DeviceTimeout,
    HashMismatch,
    MalformedReply,
    SamplesLost,
)
from firmware_bridge.link.mlperf import Firmware, Inferences, MlperfRunner
from firmware_bridge.link.process import open_process
from firmware_bridge.link.replies import (
    AudioReply,
    FeatureTicks,
    Heard,
    MemoryUse,
    SelfTest,
)
from firmware_bridge.link.session import Patience, Session
from firmware_bridge.link.tcp import open_tcp
from firmware_bridge.link.transport import Transport

__all__ = [
    "Address",
    "AudioReply",
    "Banner",
    "Capture",
    "Device",
    "DeviceError",
    "DeviceFault",
    "DeviceFlood",
    "DeviceGone",
    "DeviceNotFound",
    "DeviceRefusal",
    "DeviceTimeout",
    "FeatureTicks",
    "Firmware",
    "HashMismatch",
    "Heard",
    "Inferences",
    "MalformedReply",
    "MemoryUse",
    "MlperfRunner",
    "Patience",
    "SamplesLost",
    "SelfTest",
    "Session",
    "Transport",
    "open_address",
    "open_process",
    "open_tcp",
    "parse_address",
]
