"""Bytes over POSIX file descriptors: what TCP, pseudo-terminals and processes have in common."""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Callable

from firmware_bridge.link.errors import DeviceGone, DeviceTimeout
from firmware_bridge.link.transport import WRITE_TIMEOUT_S


class DescriptorTransport:
    """A transport over one descriptor to read from and one to write to, perhaps the same.

    Parameters
    ----------
    read_descriptor, write_descriptor
        Open descriptors; they become non-blocking.
    name
        The device's address, for messages.
    close
        What closes the descriptors and ends whatever is behind them; called once.
    """

    def __init__(
        self, read_descriptor: int, write_descriptor: int, *, name: str, close: Callable[[], None]
    ) -> None:
        self._read_descriptor = read_descriptor
        self._write_descriptor = write_descriptor
        self._name = name
        self._close = close
        self._closed = False
        for descriptor in {read_descriptor, write_descriptor}:
            os.set_blocking(descriptor, False)

    @property
    def name(self) -> str:
        """The device's address."""
        return self._name

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Return what has come, waiting for it at most `timeout_s` seconds; see `Transport`."""
        if self._closed:
            raise DeviceGone(f"the link to {self._name} is closed")
        if not _wait(self._read_descriptor, select.POLLIN, timeout_s):
            return b""
        try:
            data = os.read(self._read_descriptor, max_bytes)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(str(error.strerror)) from error
        if not data:
            raise self._gone("it closed the link")
        return data

    def write(self, data: bytes, timeout_s: float = WRITE_TIMEOUT_S) -> None:
        """Send all of `data` within `timeout_s` seconds; see `Transport`."""
        if self._closed:
            raise DeviceGone(f"the link to {self._name} is closed")
        deadline = time.monotonic() + timeout_s
        left = memoryview(data)
        while left:
            if not _wait(self._write_descriptor, select.POLLOUT, deadline - time.monotonic()):
                raise DeviceTimeout(
                    f"{self._name} takes no bytes: {len(left)} of {len(data)} are still to send",
                    hint="reset the device, or look whether another program holds it",
                )
            try:
                left = left[os.write(self._write_descriptor, left) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._gone(str(error.strerror)) from error

    def close(self) -> None:
        """Close the link."""
        if not self._closed:
            self._closed = True
            self._close()

    def _gone(self, reason: str) -> DeviceGone:
        return DeviceGone(
            f"{self._name} went away: {reason}", hint="look at the device's log and start it again"
        )


def _wait(descriptor: int, event: int, timeout_s: float) -> bool:
    """Return whether the descriptor is ready, or hung up, within the time."""
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(math.ceil(max(0.0, timeout_s) * 1000)))
