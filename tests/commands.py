"""The command `edgeser` for tests: started anew, or forked from a process that is warm already."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_WARM = Path(__file__).with_name("warm_command.py")


@dataclass(frozen=True)
class Ran:
    """What a command line left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


class Commands:
    """Runs commands, each in a process of its own.

    The first of each verb is started anew, so that it is seen to import what it needs; so is every
    command that is asked for `anew`: forked processes have one hash seed, and what must come out
    the same each time shall do so whatever the seed. `seen` is a folder for the verbs that were,
    by any process of a session of tests.
    """

    def __init__(self, program: str, seen: Path) -> None:
        self.program = program
        self._seen = seen
        seen.mkdir(exist_ok=True)
        self._warm: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        timeout_s: float,
        environment: dict[str, str],
        anew: bool = False,
    ) -> Ran:
        """Run a command to its end; raise `subprocess.TimeoutExpired` where it takes longer."""
        if anew or self._is_first(arguments[0] if arguments else ""):
            done = subprocess.run(
                [self.program, *arguments],
                cwd=cwd,
                env=environment,
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
            )
            return Ran(done.returncode, done.stdout, done.stderr)
        given = [os.fsdecode(os.fsencode(word)) for word in arguments]
        assert not any("\0" in word for word in given)
        return self._forked(
            {"arguments": given, "cwd": str(cwd), "environment": environment}, timeout_s
        )

    def _is_first(self, verb: str) -> bool:
        try:
            (self._seen / f"verb {quote(verb, safe='')}").touch(exist_ok=False)
        except FileExistsError:
            return not verb
        return True

    def close(self) -> None:
        if self._channel is not None and self._warm is not None:
            self._channel.close()
            self._warm.wait(30)

    def _forked(self, asked: dict[str, object], timeout_s: float) -> Ran:
        channel = self._channel or self._start()
        ends = [os.pipe(), os.pipe()]
        socket.send_fds(channel, [json.dumps(asked).encode()], [end for _, end in ends])
        for _, end in ends:
            os.close(end)
        child = int(channel.recv(64))
        try:
            written = _read_all([end for end, _ in ends], time.monotonic() + timeout_s)
        except TimeoutError as error:
            os.kill(child, signal.SIGKILL)
            channel.recv(64)
            raise subprocess.TimeoutExpired(str(asked["arguments"]), timeout_s) from error
        finally:
            for end, _ in ends:
                os.close(end)
        out, err = (data.decode("utf-8").replace("\r\n", "\n") for data in written)
        return Ran(int(channel.recv(64)), out, err)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-P", str(_WARM), str(theirs.fileno())]
            self._warm = subprocess.Popen(command, pass_fds=(theirs.fileno(),))
        self._channel = ours
        return ours


def _read_all(ends: list[int], until: float) -> list[bytes]:
    """Read pipes to their ends."""
    written = {end: bytearray() for end in ends}
    with selectors.DefaultSelector() as waiting:
        for end in ends:
            waiting.register(end, selectors.EVENT_READ)
        while waiting.get_map():
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            for key, _ in waiting.select(left):
                data = os.read(key.fd, 1 << 16)
                written[key.fd] += data
                if not data:
                    waiting.unregister(key.fd)
    return [bytes(written[end]) for end in ends]
