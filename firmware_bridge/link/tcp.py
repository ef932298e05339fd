"""A device behind a TCP port: an emulator's serial line, or a serial-to-network box."""

from __future__ import annotations

import socket

from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.link.errors import DeviceNotFound


def open_tcp(host: str, port: int, *, timeout_s: float = 5.0) -> DescriptorTransport:
    """Connect to `host`:`port`.

    Raises
    ------
    DeviceNotFound
        When nobody listens there, or does not answer within `timeout_s` seconds.
    """
    try:
        connection = socket.create_connection((host, port), timeout_s)
    except (OSError, UnicodeError) as error:
        raise DeviceNotFound(
            f"no device at tcp:{host}:{port}: {error}",
            hint="start the emulator or the bridge first, and check host and port",
        ) from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return DescriptorTransport(
        connection.fileno(), connection.fileno(), name=f"tcp:{host}:{port}", close=connection.close
    )
