"""Conversions of models in tests: forked from a process that has loaded TensorFlow already."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from quantize.convert.tensorflow_child import convert_onnx
from quantize.foundation import child

PLACE = "EDGESER_TESTS_CONVERSIONS"
"""Environment variable: the folder in which the warm process has its socket."""
_PROGRAM = Path(__file__).with_name("warm_conversion.py")
_plain_run = child.run


def install() -> None:
    """Have `call_in_child` ask the warm process for conversions from now on."""
    child.run = _run  # type: ignore[assignment]


class WarmConversions:
    """Starts the warm process, once for all processes of a session of tests; ends it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(FileExistsError):
            (folder / "taken").mkdir()
            command = [sys.executable, "-P", str(_PROGRAM), "socket", str(folder)]
            with (folder / "said").open("wb") as said:
                self._process = subprocess.Popen(
                    command, cwd=folder, stdin=subprocess.PIPE, stdout=said, stderr=said
                )

    def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(30)


def _run(command: list[str], **settings: Any) -> subprocess.CompletedProcess[bytes]:
    folder = os.environ.get(PLACE)
    if folder and convert_onnx.__module__ in command:
        with suppress(ConnectionError, FileNotFoundError):  # not started yet, or ended
            return _forked(Path(folder), command, **settings)
    return _plain_run(command, **settings)


def _forked(
    folder: Path, command: list[str], *, given: bytes, timeout_s: float
) -> subprocess.CompletedProcess[bytes]:
    until = time.monotonic() + timeout_s
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel,
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        # The path of a socket is short: reached through the folder, which may lie deep.
        opened = os.open(folder, os.O_RDONLY)
        try:
            channel.connect(f"/proc/self/fd/{opened}/socket")
        finally:
            os.close(opened)
        asked.write(given)
        asked.seek(0)
        request = json.dumps(command[command.index("quantize.foundation.child") + 1 :])
        socket.send_fds(channel, [request.encode()], [f.fileno() for f in (asked, out, err)])
        channel.settimeout(max(until - time.monotonic(), 0.001))
        try:
            code = int(channel.recv(64))
        except TimeoutError as error:
            raise subprocess.TimeoutExpired(command, timeout_s) from error
        for stream in (out, err):
            stream.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), err.read())
