"""What several models would cost on one device, one after another."""

from __future__ import annotations

from dataclasses import dataclass

from quantize.foundation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class CommitteeCost:
    """Cost of all members.

    Parameters
    ----------
    members
        How many there are.
    model_bytes
        Of their int8 models together.
    macs
        Multiply-accumulates of one inference of each.
    arena_bytes
        The largest arena: they run one after another.
    frontends
        How many different frontends there are: members of the same one share its frames.
    instructions
        Of one inference of each, on the emulated device; `None` where it was not counted.
    milliseconds
        The same in time, predicted with its band; `None` likewise.
    """

    members: int
    model_bytes: Measurement
    macs: Measurement
    arena_bytes: Measurement
    frontends: int
    instructions: Measurement | None = None
    milliseconds: Measurement | None = None
