"""A device behind a pseudo-terminal, as emulators offer one."""

from __future__ import annotations

import os
import stat
import termios
import tty
from pathlib import Path

from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.link.errors import DeviceNotFound


def open_pseudo_terminal(path: Path) -> DescriptorTransport:
    """Open the terminal at `path` without its line discipline: bytes pass unchanged.

    Raises
    ------
    DeviceNotFound
        When there is none, or it may not be opened.
    """
    try:
        if not stat.S_ISCHR(path.stat().st_mode):
            raise DeviceNotFound(
                f"{path} is not a terminal", hint="name the terminal that the emulator printed"
            )
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise _not_found(path, str(error.strerror)) from error
    try:
        tty.setraw(descriptor)
    except termios.error as error:
        os.close(descriptor)
        raise _not_found(path, "it is not a terminal") from error
    return DescriptorTransport(
        descriptor, descriptor, name=f"pty:{path}", close=lambda: os.close(descriptor)
    )


def _not_found(path: Path, reason: str) -> DeviceNotFound:
    return DeviceNotFound(
        f"no device at pty:{path}: {reason}",
        hint="start the emulator first; it prints the terminal's path",
    )
