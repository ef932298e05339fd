"""What every target is: data on what it can do, and one way to run a model on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgeser.benchmark.bench_report import BenchReport
    from edgeser.benchmark.budget import Limits
    from edgeser.benchmark.target import TargetFacts
    from edgeser.bundle import Bundle
    from edgeser.progress import Reporter
    from firmware_bridge.boards import Board
    from firmware_bridge.compiler.compile import CompiledModel
    from firmware_bridge.project import Contents
    from quantize.edgetpu.difference import Tolerances


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TargetKind:
    """A kind of target: what it can do, and which options it takes.

    Parameters
    ----------
    word
        What JSON calls it: ``"host"``, ``"emulator"``, ``"serial"``, ``"edgetpu"``.
    called
        What help and refusals call it: ``"--device host"``.
    exact
        Whether its outputs must be those of TFLite-Micro on the host, to the byte; else they are
        known to differ by a step here and there, and are held to tolerances.
    profile
        Whether it tells the cost and the output of each operator.
    memory
        Whether flash and RAM of the whole firmware are known.
    streams
        Whether audio goes in, and decisions come out.
    takes
        Parameters that it takes, by command.
    """

    word: str
    called: str
    exact: bool
    profile: bool
    memory: bool
    streams: bool
    takes: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        return self.called


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """What a target is to run.

    Parameters
    ----------
    data
        The bytes of a .tflite.
    name
        What it is called.
    bundle
        Whose int8 model it is; ``None`` for a model by itself.
    firmware
        Writes the model's firmware for a board, and compiles the model for it.
    against
        The model that `data` was compiled from; ``None`` where it is no compiled model, or the
        other one is not known.
    """

    data: bytes
    name: str
    firmware: Callable[[Board], tuple[Contents, CompiledModel]]
    bundle: Bundle | None = None
    against: bytes | None = None

    @property
    def sha256(self) -> str:
        """Of the .tflite, in hexadecimal: by it a figure is traced to the bytes that gave it."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def frontend_hash(self) -> str | None:
        """Of the frontend that its firmware has; ``None`` for a model by itself."""
        return None if self.bundle is None else self.bundle.trained.frontend.hash


Inputs = Sequence["NDArray[np.generic]"]
"""For each of a model's inputs its values at every step, ``[steps, ...]``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """What is measured.

    Parameters
    ----------
    inputs
        What firmware is given, an inference a step.
    recordings
        int16 audio whose features firmware is to count; none without a frontend.
    limits
        What the figures are held to.
    runs, warmup
        Inferences that are timed one by one, and before them untimed, where there is a clock.
    """

    inputs: Inputs
    limits: Limits
    recordings: Sequence[NDArray[np.int16]] = ()
    runs: int = 200
    warmup: int = 20


class Running(Protocol):
    """A target that is there, and runs a model."""

    @property
    def kind(self) -> TargetKind:
        """What it can do."""

    @property
    def facts(self) -> TargetFacts:
        """What it is, as it says itself."""

    @property
    def keeps_state(self) -> bool:
        """Whether the model's outputs follow from earlier inputs too."""

    @property
    def tolerances(self) -> Tolerances | None:
        """What outputs are held to that need not be exact; the usual ones when `None`."""

    def bench(self, work: Work, reporter: Reporter) -> BenchReport:
        """Measure what the model costs."""

    def outputs(self, inputs: Inputs, reporter: Reporter) -> NDArray[Any]:
        """Return the bytes of all outputs at each step, ``[steps, bytes]``."""

    def explain(self, inputs: Inputs) -> str:
        """Say where the last step's outputs come to differ from the host's; empty if not known."""


class Target(Protocol):
    """Something that can run a model."""

    @property
    def kind(self) -> TargetKind:
        """What it can do."""

    @property
    def facts(self) -> TargetFacts:
        """Which one it is, before it is asked."""

    def opened(self, program: Program, *, reporter: Reporter) -> AbstractContextManager[Running]:
        """Give the target, running the program; what was started ends with it.

        One that streams gives an `edgeser.targets.attached.AttachedDevice`.
        """


_READ_BY_CI = ("junit", "markdown")
RESULT_FILES = MappingProxyType(
    {"bench": ("save", *_READ_BY_CI), "parity": _READ_BY_CI, "accept": _READ_BY_CI}
)
"""Parameters, by command, that say where results go: what runs the command at all takes them."""


def takes(**options: str) -> Mapping[str, tuple[str, ...]]:
    """Return parameters by command, from names between spaces, and where results go."""
    return MappingProxyType(
        {verb: (*names.split(), *RESULT_FILES[verb]) for verb, names in options.items()}
    )
