"""What can go wrong with a device: each has its own type and exit code.

3: the device is not there, went away or does not answer. 1: it answers, but with what it must not.
"""

from __future__ import annotations

from collections.abc import Iterable

from quantize.foundation.errors import CheckFailed, EdgeserError
from quantize.foundation.foreign import printable


class DeviceError(EdgeserError):
    """A device that cannot be talked to, or whose answer cannot be used."""

    exit_code = 3


class DeviceNotFound(DeviceError):
    """Nothing at the address, or nothing that may be opened."""


class DeviceGone(DeviceError):
    """The device closed the link or restarted in the middle of the work."""


class DeviceTimeout(DeviceError):
    """No answer within the time that an exchange has."""


class DeviceFlood(DeviceError):
    """The device sends without end, but no answer."""


class DeviceFault(DeviceError, CheckFailed):
    """The device answered, and the answer is wrong or an error."""

    exit_code = 1


class DeviceRefusal(DeviceFault):
    """The device refused a request.

    Parameters
    ----------
    message
        One line, with the device's reason.
    code
        The reason's number in the protocol; 0 for a text command.
    """

    def __init__(self, message: str, *, code: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class MalformedReply(DeviceFault):
    """An answer arrived undamaged, but does not say what it must."""


class HashMismatch(DeviceFault):
    """The device runs another model or another frontend."""


def last_words(lines: Iterable[str]) -> str:
    """Return a hint that quotes the last lines of text from a device; empty when there are none."""
    quoted = "; ".join(printable(line) for line in lines)
    return f"the device said: {quoted}" if quoted else ""


class SamplesLost(DeviceFault):
    """The device has forgotten samples before the host read them."""
