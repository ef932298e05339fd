"""What a model can be run on: this host, the emulator, a board, an Edge TPU; a file each.

What a target can do, and which options of the commands it takes, is data on it (`TargetKind`).
"""

from __future__ import annotations

from edgeser.targets.edge_tpu import EDGE_TPU
from edgeser.targets.emulator import EMULATOR
from edgeser.targets.host import HOST
from edgeser.targets.serial import SERIAL, SERIAL_WITH_EDGE_TPU
from edgeser.targets.target import TargetKind

KINDS = (HOST, EMULATOR, SERIAL, SERIAL_WITH_EDGE_TPU, EDGE_TPU)
"""Every kind of target, in the order in which they are listed."""


def options(verb: str) -> list[str]:
    """Return the parameters of a command that any kind takes, in their order."""
    names = [name for kind in KINDS for name in kind.takes.get(verb, ())]
    return list(dict.fromkeys(names))


def kinds_taking(verb: str, name: str) -> frozenset[TargetKind]:
    """Return the kinds of target that take a parameter of a command."""
    return frozenset(kind for kind in KINDS if name in kind.takes.get(verb, ()))


__all__ = [
    "EDGE_TPU",
    "EMULATOR",
    "HOST",
    "KINDS",
    "SERIAL",
    "SERIAL_WITH_EDGE_TPU",
    "kinds_taking",
    "options",
]
