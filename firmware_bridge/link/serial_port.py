"""A device on a real serial port, by pyserial."""

from __future__ import annotations

import os

import serial

from firmware_bridge.link.errors import DeviceGone, DeviceNotFound, DeviceTimeout
from firmware_bridge.link.transport import WRITE_TIMEOUT_S


class SerialTransport:
    """A serial port, opened for us alone: 8 data bits, no parity, 1 stop bit, no flow control.

    Parameters
    ----------
    path
        ``/dev/ttyACM0``, ``COM3``, ...
    baud
        Bits a second; boards with USB of their own ignore it.

    Raises
    ------
    DeviceNotFound
        When there is no such port, or it may not be opened.
    """

    def __init__(self, path: str, *, baud: int = 115_200) -> None:
        try:
            self._port = serial.Serial(path, baudrate=baud, timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number else error  # pySerial says it twice over
            raise DeviceNotFound(
                f"no device at serial:{path}: {reason}",
                hint="plug the board in, check the path, and that you may open it (group dialout)",
            ) from error
        self._name = f"serial:{path}"

    @property
    def name(self) -> str:
        """The port's address."""
        return self._name

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Return what has come, waiting for it at most `timeout_s` seconds; see `Transport`."""
        try:
            self._port.timeout = max(0.0, timeout_s)
            first = self._port.read(1)
            if not first:
                return b""
            waiting = min(self._port.in_waiting, max_bytes - 1)
            return bytes(first) + (bytes(self._port.read(waiting)) if waiting else b"")
        except (serial.SerialException, OSError, TypeError) as error:
            # pyserial raises TypeError when another thread has closed the port.
            raise self._gone(error) from error

    def write(self, data: bytes, timeout_s: float = WRITE_TIMEOUT_S) -> None:
        """Send all of `data` within `timeout_s` seconds; see `Transport`."""
        try:
            self._port.write_timeout = max(0.001, timeout_s)
            self._port.write(data)
        except serial.SerialTimeoutException as error:
            raise DeviceTimeout(
                f"{self._name} takes no bytes",
                hint="reset the board, or look whether another program holds it",
            ) from error
        except (serial.SerialException, OSError, TypeError) as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def _gone(self, error: Exception) -> DeviceGone:
        return DeviceGone(f"{self._name} went away: {error}", hint="plug the board in again")
