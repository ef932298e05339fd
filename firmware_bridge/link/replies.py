"""What a device answers to each request, as typed records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.link.errors import MalformedReply

_FULL_SCALE = 32768


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AudioReply:
    """What a piece of audio brought.

    Parameters
    ----------
    samples, frames, decisions
        How many there have been since the last reset.
    amplitude
        uint16, new frames x channels; no frames when not asked for.
    phase
        int16, new frames x channels x planes beside the amplitude; no frames when not asked for.
    rows
        int8, new frames x channels x planes, as the model takes them; no frames when not asked for.
    """

    samples: int
    frames: int
    decisions: int
    amplitude: NDArray[np.uint16]
    phase: NDArray[np.int16]
    rows: NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """Memory of the firmware, in bytes.

    Parameters
    ----------
    stack_bytes, stack_used
        The stack's size and its high-water mark; both 0 where the board does not know.
    arena_bytes
        What the model computes in.
    frontend_table_bytes, frontend_work_bytes
        Constants and working memory of the frontend.
    """

    stack_bytes: int
    stack_used: int
    arena_bytes: int
    frontend_table_bytes: int
    frontend_work_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """A device's judgement of itself.

    Parameters
    ----------
    passed
        Whether all is well.
    findings
        What was looked at, and what was found.
    """

    passed: bool
    findings: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTicks:
    """Time spent in the frontend since the last reset.

    Parameters
    ----------
    frames
        Frames completed.
    ticks
        Ticks of the device's timer, over all samples.
    largest
        Ticks of the dearest frame.
    """

    frames: int
    ticks: int
    largest: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What a device's frontend got since the last reset.

    Parameters
    ----------
    samples
        How many.
    energy
        Sum of their squares.
    full_scale
        Samples at an end of int16.
    values
        int8 values of the model's input.
    clipped
        Of these at an end of int8.
    """

    samples: int
    energy: int
    full_scale: int
    values: int
    clipped: int

    @property
    def level_dbfs(self) -> float | None:
        """RMS in dB against full scale; ``None`` before a sample, or of none but zeros."""
        if self.samples == 0 or self.energy == 0:
            return None
        return 10.0 * math.log10(self.energy / self.samples / _FULL_SCALE**2)

    @property
    def clipped_share(self) -> float:
        """Share of the int8 values that are clipped; 0 before the first frame."""
        return self.clipped / max(self.values, 1)

    @property
    def full_scale_share(self) -> float:
        """Share of the samples at an end of int16; 0 before the first."""
        return self.full_scale / max(self.samples, 1)

    @property
    def fits_together(self) -> bool:
        """Whether no count contradicts another."""
        most = self.samples * _FULL_SCALE**2
        least = self.full_scale * (_FULL_SCALE - 1) ** 2
        return least <= self.energy <= most and self.clipped <= self.values


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Captured:
    """A piece of what a device's frontend got, or made of it.

    Parameters
    ----------
    total
        Samples, or frames, since the last reset.
    first
        Number of the first that is here.
    values
        int16 ``[samples]``, or int8 ``[frames, channels, planes]``.
    """

    total: int
    first: int
    values: NDArray[np.int16] | NDArray[np.int8]


class Fields:
    """Reads a reply's payload from its beginning; every read is checked against its length."""

    __slots__ = ("_at", "_payload", "_what")

    def __init__(self, payload: bytes, what: str) -> None:
        self._payload = payload
        self._what = what
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self._payload) - self._at

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count > self.left:
            raise MalformedReply(
                f"the device's reply to {self._what} is {len(self._payload)} bytes: too short"
            )
        taken = self._payload[self._at : self._at + count]
        self._at += count
        return taken

    def unsigned(self, size: int) -> int:
        """Return the next number of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def array(self, dtype: str, count: int) -> NDArray[np.generic]:
        """Return the next `count` values of a little-endian `dtype`, as a copy."""
        kind = np.dtype(dtype)
        values = np.frombuffer(self.take(count * kind.itemsize), kind)
        return values.astype(kind.newbyteorder("="))

    def end(self) -> None:
        """Refuse anything that is left."""
        if self.left:
            raise MalformedReply(
                f"the device's reply to {self._what} is {len(self._payload)} bytes: "
                f"{self.left} too many"
            )
