"""A device that is a program on this machine: bytes over its standard input and output."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.link.errors import DeviceNotFound
from quantize.foundation.errors import InternalError

_SECONDS_TO_END = 2.0


def open_process(command: Sequence[str | Path], *, name: str = "") -> DescriptorTransport:
    """Start `command`; closing the transport ends it.

    Parameters
    ----------
    command
        The program and its arguments. What it writes to its standard error is dropped.
    name
        For messages; the program's name by default.

    Raises
    ------
    DeviceNotFound
        When the program cannot be started.
    """
    shown = name or f"process:{command[0]}"
    try:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
    except OSError as error:
        raise DeviceNotFound(
            f"{shown} cannot be started: {error.strerror}", hint="build the firmware first"
        ) from error
    if child.stdin is None or child.stdout is None:
        raise InternalError(f"{shown} was started without its pipes")
    return DescriptorTransport(
        child.stdout.fileno(), child.stdin.fileno(), name=shown, close=lambda: _end(child)
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Close the pipes, which ends a device's program; kill one that goes on."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        child.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
