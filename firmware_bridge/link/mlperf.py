"""The MLPerf Tiny benchmark's runner: its commands as methods, a device's answers checked.

The protocol has no checksum. What can be asked twice is asked twice and must agree, the input is
printed back and compared, and no command that changes the device's state is sent again. The laps
cannot be asked twice: a report's figures come over frames instead.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.link.errors import (
    DeviceRefusal,
    DeviceTimeout,
    MalformedReply,
)
from firmware_bridge.link.session import Patience
from firmware_bridge.link.text_link import NAME, TextLink
from firmware_bridge.link.transport import Transport
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

BYTES_A_COMMAND = 31
"""Bytes of input in one ``db`` command: what the public runner sends."""

_PROFILE = re.compile(r"m-profile-\[([^]]+)\]")
_MODEL = re.compile(r"m-model-\[([^]]+)\]")
_LAP = re.compile(r"m-lap-us-([0-9]{1,18})")
_EXPECTING = re.compile(r"m-\[Expecting ([0-9]{1,9}) bytes\]")
_LOADED = re.compile(r"(m-load-done)")
_BUFFER = re.compile(r"m-buffer-((?:[0-9a-fA-F]{2}-)*[0-9a-fA-F]{2})")
_RESULTS = re.compile(r"m-results-\[([-+0-9.eE, ]+)\]")
_TROUBLE = (DeviceTimeout, DeviceRefusal, MalformedReply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """What a device's ``profile`` says.

    Parameters
    ----------
    profile
        Name and version of the firmware.
    model
        Name of the model: ``kws01`` and such for the benchmark's own.
    """

    profile: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferences:
    """What a device's ``infer`` says.

    Parameters
    ----------
    count
        Inferences between the two laps.
    microseconds
        Time between the two laps, on the device's clock.
    results
        The output of the last inference as numbers; of a model that rebuilds its input, the one
        mean squared error.
    """

    count: int
    microseconds: int
    results: tuple[float, ...]


class MlperfRunner:
    """Drives a device as the benchmark's runner does.

    Parameters
    ----------
    transport
        The link; it stays the caller's to close.
    patience
        How long to wait for each command, and how often to ask what may be asked twice.
    inference
        The same for ``infer``, which is sent once: it may take all the time there is.
    clock
        Seconds that never go back; for tests.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        patience: Patience | None = None,
        inference: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._patience = patience or Patience()
        self._inference = inference or self._patience
        self._link = TextLink(
            transport,
            attempt_s=self._patience.attempt_s,
            most_bytes=self._patience.most_bytes,
            clock=clock,
        )

    @property
    def address(self) -> str:
        """Where the device is."""
        return self._link.name

    def name(self) -> str:
        """Return the device's name."""
        return self._ask_again("name", NAME)[0]

    def profile(self) -> Firmware:
        """Return what firmware and model the device has."""
        profile, model = self._ask_again("profile", _PROFILE, _MODEL)
        return Firmware(profile=profile, model=model)

    def timestamp(self) -> int:
        """Return microseconds on the device's clock."""
        return int(self._ask_again("timestamp", _LAP)[0])

    def load(self, data: bytes) -> None:
        """Fill the model's input, and read it back to be sure.

        It is in the model's own bytes; for a model that rebuilds its input, float32 values,
        little-endian, do too.

        Each command has its patience of its own; the whole is tried as often as patience allows.

        Raises
        ------
        MalformedReply
            When the device then holds something else.
        """
        if not data:
            raise BadInput("there is no input to load", hint="give at least one byte")
        for attempt in range(1, self._patience.attempts + 1):
            try:
                self._load_once(data)
            except _TROUBLE:
                if attempt == self._patience.attempts:
                    raise
            else:
                return

    def loaded(self) -> bytes:
        """Return the input that the device holds: as much as was announced to it."""
        deadline = self._link.now() + self._patience.total_s
        content = bytearray()
        for line in self._link.ask_lines("db print", deadline):
            match = _BUFFER.fullmatch(line)
            if match is None:
                raise MalformedReply(f"{self.address} shows its input as {printable(line)!r}")
            content += bytes.fromhex(match.group(1).replace("-", ""))
        return bytes(content)

    def infer(self, count: int, warmups: int = 0) -> Inferences:
        """Run the model `count` times after `warmups` times, between two laps.

        Raises
        ------
        MalformedReply
            When a line is missing, the laps run backwards, or the results read otherwise when asked
            for again.
        """
        if count < 1 or warmups < 0:
            raise BadInput(
                f"{count} inferences after {warmups} cannot be run",
                hint="run 1 or more, after 0 or more",
            )
        found = self._link.ask(
            f"infer {count} {warmups}",
            self._link.now() + self._inference.total_s,
            re.compile(rf"(m-warmup-start-{warmups})"),
            re.compile(r"(m-warmup-done)"),
            re.compile(rf"(m-infer-start-{count})"),
            _LAP,
            _LAP,
            re.compile(r"(m-infer-done)"),
            _RESULTS,
        )
        begin, end = int(found[3]), int(found[4])
        results = self._values(found[6])
        if end < begin or results != self.results():
            raise MalformedReply(
                f"{self.address} ran from {begin} to {end} us, or does not repeat its results",
                hint="the line loses characters: lower its speed",
            )
        return Inferences(count=count, microseconds=end - begin, results=results)

    def results(self) -> tuple[float, ...]:
        """Return what the last inference gave, as in `Inferences`."""
        return self._values(self._ask_again("results", _RESULTS)[0])

    def _load_once(self, data: bytes) -> None:
        (expected,) = self._ask(f"db load {len(data)}", _EXPECTING)
        if int(expected) != len(data):
            raise MalformedReply(f"{self.address} expects {expected} bytes, not {len(data)}")
        for start in range(0, len(data), BYTES_A_COMMAND):
            piece = data[start : start + BYTES_A_COMMAND]
            last = start + len(piece) == len(data)
            self._ask(f"db {piece.hex()}", *([_LOADED] if last else []))
        if self.loaded() != data:
            raise MalformedReply(
                f"{self.address} holds another input than it was sent",
                hint="the line loses characters: lower its speed",
            )

    def _ask(self, command: str, *expected: re.Pattern[str]) -> list[str]:
        return self._link.ask(command, self._link.now() + self._patience.total_s, *expected)

    def _ask_again(self, command: str, *expected: re.Pattern[str]) -> list[str]:
        """Ask what changes nothing, as often as patience allows."""
        attempt = 1
        while True:
            try:
                deadline = self._link.now() + self._patience.attempt_s
                return self._link.ask(command, deadline, *expected)
            except _TROUBLE:
                if attempt == self._patience.attempts:
                    raise
                attempt += 1

    def _values(self, text: str) -> tuple[float, ...]:
        try:
            values = tuple(float(value) for value in text.split(","))
        except ValueError:
            values = (math.nan,)
        if not all(math.isfinite(value) for value in values):
            raise MalformedReply(f"{self.address} gives results {printable(text)!r}")
        return values
