"""What a model ran on, as every benchmark and every parity says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What a model ran on.

    Parameters
    ----------
    kind
        ``"host"``, ``"emulator"``, ``"serial"`` or ``"edgetpu"``.
    name
        Which of that kind: an emulated board, the address of a real one, a device's node.
    description
        Runtime, board, core, emulator or link, and compiler, in words.
    core
        ``"cortex-m7"``; empty where it is not known.
    """

    kind: str
    name: str
    description: str
    core: str = ""
