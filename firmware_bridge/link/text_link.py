"""Text commands and the blocks of lines that answer them: MLPerf Tiny's protocol, its mechanics.

A command ends with ``%``; the answer is lines, the last of them ``m-ready``. Nothing ties an answer
to its command but order: after any trouble the host gets in step again by asking for the device's
name and passing over all that comes before.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

from firmware_bridge.link.errors import (
    DeviceFlood,
    DeviceGone,
    DeviceRefusal,
    DeviceTimeout,
    MalformedReply,
    last_words,
)
from firmware_bridge.link.frames import Decoder, Line
from firmware_bridge.link.transport import Transport
from quantize.foundation.foreign import printable

MOST_COMMAND = 80
"""Characters of a command, its ``%`` not counted."""

NAME = re.compile(r"m-name-dut-\[([^]]+)\]")

_READY = "m-ready"
_STARTED = "m-init-done"
_REFUSED = re.compile(r"e-\[(.*)\]")
_READ_BYTES = 4096


class TextLink:
    """Sends text commands over a transport and reads what answers them.

    Parameters
    ----------
    transport
        The link; it stays the caller's to close.
    attempt_s
        Seconds after which the device's name is asked for again.
    most_bytes
        Bytes that may answer one command.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        attempt_s: float,
        most_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._attempt_s = attempt_s
        self._most_bytes = most_bytes
        self._clock = clock
        self._decoder = Decoder()
        self._lines: deque[str] = deque()
        self._said: deque[str] = deque(maxlen=3)
        self._in_step = False

    @property
    def name(self) -> str:
        """The device's address."""
        return self._transport.name

    def now(self) -> float:
        """Return the clock's seconds."""
        return self._clock()

    def ask(self, command: str, deadline: float, *expected: re.Pattern[str]) -> list[str]:
        """Send a command once; return the first group of each expected line.

        Raises
        ------
        DeviceTimeout, DeviceFlood, DeviceGone
            When no whole answer comes until `deadline`.
        DeviceRefusal
            When the device answers with an error.
        MalformedReply
            When the answer's lines are not those expected, one by one.
        """
        lines = self.ask_lines(command, deadline)
        matches = [pattern.fullmatch(line) for pattern, line in zip(expected, lines, strict=False)]
        found = [match.group(1) for match in matches if match is not None]
        if len(lines) != len(expected) or len(found) != len(expected):
            self._in_step = False
            raise MalformedReply(
                f"{self.name} answers {command!r} with {printable(' '.join(lines))!r}",
                hint="is it an MLPerf Tiny device, and does the line keep all characters?",
            )
        return found

    def ask_lines(self, command: str, deadline: float) -> list[str]:
        """Send a command once; return all lines of its answer but the last."""
        if len(command) > MOST_COMMAND:
            raise ValueError(f"a command of {len(command)} characters; {MOST_COMMAND} fit")
        if not self._in_step:
            self._get_in_step(deadline)
        self._in_step = False
        self._send(command, deadline)
        lines = self._block(deadline)
        if _STARTED in lines:
            raise DeviceGone(
                f"{self.name} restarted in the middle of the work", hint=last_words(self._said)
            )
        self._in_step = True
        for line in lines:
            refused = _REFUSED.fullmatch(line)
            if refused:
                reason = printable(refused.group(1))
                raise DeviceRefusal(f"{self.name} refuses {command!r}: {reason}")
        return lines

    def _get_in_step(self, deadline: float) -> None:
        while True:
            attempt_end = min(deadline, self._clock() + self._attempt_s)
            self._lines.clear()
            self._decoder.reset()
            self._send("name", attempt_end)
            try:
                while not any(NAME.fullmatch(line) for line in self._block(attempt_end)):
                    pass
            except DeviceTimeout:
                if self._clock() >= deadline:
                    raise
            else:
                self._in_step = True
                return

    def _send(self, command: str, deadline: float) -> None:
        self._transport.write(f"{command}%".encode("ascii"), max(0.0, deadline - self._clock()))

    def _block(self, deadline: float) -> list[str]:
        """Return the lines up to the next ``m-ready``."""
        block: list[str] = []
        received = 0
        while True:
            while self._lines:
                line = self._lines.popleft()
                if line == _READY:
                    return block
                block.append(line)
            left = deadline - self._clock()
            if left <= 0:
                raise DeviceTimeout(
                    f"{self.name} did not finish its answer in time",
                    hint=last_words(self._said) or "is it on, and is the speed right?",
                )
            data = self._transport.read(_READ_BYTES, left)
            received += len(data)
            fresh = [event.text for event in self._decoder.feed(data) if isinstance(event, Line)]
            self._lines += fresh
            self._said += fresh
            if received > self._most_bytes:
                self._lines.clear()
                raise DeviceFlood(
                    f"{self.name} sent {received} bytes and no end to its answer",
                    hint=last_words(self._said) or "reset the device",
                )
