"""What a device of ours is asked: the types of requests, as `dev_requests.h` has them."""

from __future__ import annotations

from enum import IntEnum


class Request(IntEnum):
    """The types of requests."""

    BANNER = 0x01
    RESET = 0x02
    AUDIO = 0x03
    DECISIONS = 0x04
    WRITE = 0x05
    INFER = 0x06
    READ = 0x07
    PROFILE = 0x08
    TAP = 0x09
    MEMORY = 0x0A
    SELF_TEST = 0x0B
    FEATURE_TICKS = 0x0C
    HEARD = 0x0D
    CAPTURE = 0x0E
    ROWS = 0x0F
