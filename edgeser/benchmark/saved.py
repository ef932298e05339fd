"""A benchmark that was saved as JSON, as far as another one is held against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeser.benchmark.bench_report import OperatorCost
from quantize.foundation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class SavedResult:
    """What a model cost on one target.

    Parameters
    ----------
    kind
        ``"host"``, ``"emulator"``, ``"serial"``, ``"edgetpu"``.
    name
        Which one: the emulated board, an address, a device node.
    description
        Runtime, board, core, emulator or link, and compiler, in words.
    problem
        Why it did not run, or what was wrong; empty where all was well.
    figures
        By name: ``"inference_instructions"``, ``"flash_bytes"``. Empty where it did not run.
    operators
        What each operator cost, in the order of the model; empty where that is not known.
    """

    kind: str
    name: str
    description: str
    problem: str
    figures: Mapping[str, Measurement]
    operators: tuple[OperatorCost, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Kind and name: by these the results of two benchmarks are paired."""
        return self.kind, self.name

    @property
    def label(self) -> str:
        """The target in words: ``"emulator mps2-an500"``, ``"host"``, ``"serial:/dev/ttyACM0"``."""
        named = self.name == self.kind or self.name.startswith(f"{self.kind}:")
        return self.name if named else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class SavedBenchmark:
    """All of a saved benchmark.

    Parameters
    ----------
    source
        The file, for messages.
    model
        The model's name.
    results
        One for each target; no two of the same kind and name.
    model_sha256
        Of the .tflite; empty in a file of before it was written down.
    """

    source: str
    model: str
    results: tuple[SavedResult, ...]
    model_sha256: str = ""
