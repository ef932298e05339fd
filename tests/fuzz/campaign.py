"""Mutants by number: the same seed and number make the same mutant on every computer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fuzz.formats import FORMATS, Format, Material
from quantize.foundation.errors import EdgeserError

SLOWEST_S = 5.0
"""Of processor time, which no other work on the machine changes; no mutant may take more: work is
bounded by the file's size."""


@dataclass
class Outcome:
    """What became of mutants: how many were read and refused, and the faults, a line each."""

    read: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    faults: list[str] = field(default_factory=list)


def processor_seconds() -> float:
    """Return what this process and its children that have ended took so far."""
    return sum(os.times()[:4])


def mutant(form: Format, samples: list[bytes], seed: int, number: int) -> bytes:
    """Make the mutant of a number."""
    rng = np.random.default_rng([seed, number])
    sample = samples[rng.integers(0, len(samples))]
    return form.mutations[number % len(form.mutations)](sample, rng)


def try_mutants(
    name: str, material: Material, *, seed: int, numbers: Iterable[int], keep: Path | None = None
) -> Outcome:
    """Try mutants of a format; keep those with a fault in the folder `keep`.

    An empty outcome where there is no sample of the format.
    """
    form = FORMATS[name]
    samples = form.samples(material)
    outcome = Outcome()
    if not samples:
        return outcome
    with tempfile.TemporaryDirectory(prefix="edgeser-fuzz-") as temporary:
        for number in numbers:
            data = mutant(form, samples, seed, number)
            started = processor_seconds()
            fault = ""
            try:
                form.read(data, Path(temporary), material)
                outcome.read += 1
            except EdgeserError as error:
                outcome.refused += 1
                if "\n" in error.message.rstrip("\n"):
                    fault = f"more than one line: {error.message[:300]!r}"
            except Exception as error:
                fault = f"{type(error).__name__}: {str(error)[:300]}"
            seconds = processor_seconds() - started
            outcome.slowest_s = max(outcome.slowest_s, seconds)
            if seconds > SLOWEST_S:
                fault = fault or f"took {seconds:.1f} s"
            if fault:
                outcome.faults.append(f"{name}, seed {seed}, mutant {number}: {fault}")
                if keep is not None:
                    (keep / f"{name}-{seed}-{number}").write_bytes(data)
    return outcome
