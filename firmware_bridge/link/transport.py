"""What carries bytes to a device and back."""

from __future__ import annotations

from typing import Protocol

WRITE_TIMEOUT_S = 5.0


class Transport(Protocol):
    """Bytes both ways. All waiting is bounded; errors are of the `DeviceError` family."""

    @property
    def name(self) -> str:
        """Where the device is, for messages: its address."""
        ...

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Return 1 to `max_bytes` bytes as soon as there are any; none after `timeout_s` seconds.

        Raises
        ------
        DeviceGone
            When nothing can come any more.
        """
        ...

    def write(self, data: bytes, timeout_s: float = WRITE_TIMEOUT_S) -> None:
        """Send all of `data`.

        Raises
        ------
        DeviceGone
            When nothing can be sent any more.
        DeviceTimeout
            When the device does not take it within `timeout_s` seconds.
        """
        ...

    def close(self) -> None:
        """Let go of the device; harmless when done twice."""
        ...
