"""Addresses of devices, as a user writes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from firmware_bridge.link.transport import Transport
from quantize.foundation.errors import BadInput

Kind = Literal["tcp", "serial", "pty"]

_LONGEST = 1024
_BAUD_RATES = (1_200, 4_000_000)
_EXAMPLES = "serial:/dev/ttyACM0, serial:/dev/ttyUSB0@921600, tcp:localhost:5331 or pty:/dev/pts/3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a device is.

    Parameters
    ----------
    kind
        How it is reached.
    place
        Host name, or path of the port or terminal.
    port
        TCP port; 0 for the other kinds.
    baud
        Bits a second of a serial port; 0 for the other kinds.
    """

    kind: Kind
    place: str
    port: int = 0
    baud: int = 0

    def __str__(self) -> str:
        """Return the address as `parse_address` reads it."""
        if self.kind == "tcp":
            return f"tcp:{self.place}:{self.port}"
        return f"{self.kind}:{self.place}" + (f"@{self.baud}" if self.kind == "serial" else "")


def parse_address(text: str) -> Address:
    """Read ``serial:PATH[@BAUD]``, ``tcp:HOST:PORT`` or ``pty:PATH``.

    >>> parse_address("tcp:localhost:5331")
    Address(kind='tcp', place='localhost', port=5331, baud=0)
    >>> parse_address("serial:/dev/ttyACM0").baud
    115200

    Raises
    ------
    BadInput
        When it is none of them.
    """
    if len(text) > _LONGEST or not text.isprintable():
        raise BadInput("a device's address is short and printable", hint=f"write {_EXAMPLES}")
    kind, colon, rest = text.partition(":")
    if colon and kind == "tcp":
        return _tcp(text, rest)
    if colon and kind == "serial":
        return _serial(text, rest)
    if colon and kind == "pty":
        if not rest:
            raise _bad(text, "it names no terminal")
        return Address(kind="pty", place=rest)
    raise _bad(text, "it begins with none of serial:, tcp: and pty:")


def open_address(address: Address, *, timeout_s: float = 5.0) -> Transport:
    """Open the link to the device at `address`.

    Raises
    ------
    DeviceNotFound
        When there is none.
    """
    if address.kind == "tcp":
        from firmware_bridge.link.tcp import open_tcp

        return open_tcp(address.place, address.port, timeout_s=timeout_s)
    if address.kind == "pty":
        from firmware_bridge.link.pseudo_terminal import open_pseudo_terminal

        return open_pseudo_terminal(Path(address.place))
    from firmware_bridge.link.serial_port import SerialTransport

    return SerialTransport(address.place, baud=address.baud)


def _tcp(text: str, rest: str) -> Address:
    host, colon, port = rest.rpartition(":")
    if not colon or not host:
        raise _bad(text, "it has no host and port")
    number = _number(port)
    if not 1 <= number <= 65_535:
        raise _bad(text, "its port is not 1 to 65535")
    return Address(kind="tcp", place=host.removeprefix("[").removesuffix("]"), port=number)


def _serial(text: str, rest: str) -> Address:
    path, at, baud = rest.partition("@")
    if not path:
        raise _bad(text, "it names no port")
    number = _number(baud) if at else 115_200
    low, high = _BAUD_RATES
    if not low <= number <= high:
        raise _bad(text, f"its speed is not {low} to {high} bits a second")
    return Address(kind="serial", place=path, baud=number)


def _number(digits: str) -> int:
    """Return the number, -1 when it is none."""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else -1


def _bad(text: str, reason: str) -> BadInput:
    return BadInput(f"{text!r} is no address of a device: {reason}", hint=f"write {_EXAMPLES}")
