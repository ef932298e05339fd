"""How far the runtimes agree with the oracle on the same int8 model and inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.runtimes.catalogue import Runtime, installed_runtimes, runtime_version
from quantize.runtimes.run import run_model


@dataclass(frozen=True, slots=True)
class RuntimeAgreement:
    """One runtime's integer outputs against the oracle's.

    Parameters
    ----------
    runtime, version
        What was compared.
    oracle, oracle_version
        What it was compared with.
    samples, values
        How many inputs, and output values in all.
    mismatches
        Values that differ.
    max_lsb
        The largest difference, in steps of the output's scale.
    lsb_histogram
        ``(difference, count)`` for each absolute difference that occurs, 0 included.
    label_flips
        Samples whose largest output is another one.
    """

    runtime: Runtime
    version: str
    oracle: Runtime
    oracle_version: str
    samples: int
    values: int
    mismatches: int
    max_lsb: int
    lsb_histogram: tuple[tuple[int, int], ...]
    label_flips: int

    @property
    def mismatch_rate(self) -> float:
        """Share of values that differ, 0 to 1."""
        return self.mismatches / self.values

    @property
    def label_flip_rate(self) -> float:
        """Share of samples whose label differs, 0 to 1."""
        return self.label_flips / self.samples


def compare_runtimes(
    model_bytes: bytes,
    inputs: NDArray[Any],
    *,
    runtimes: Sequence[Runtime] | None = None,
    oracle: Runtime = Runtime.TFLITE_MICRO,
    name: str = "the model",
) -> tuple[RuntimeAgreement, ...]:
    """Run a model with integer outputs on each runtime and compare with the oracle.

    Parameters
    ----------
    model_bytes, inputs, name
        As for `quantize.runtimes.run.run_model`.
    runtimes
        What to compare; all that are installed when ``None``.
    oracle
        What to compare with.

    Raises
    ------
    BadInput
        When the model is not valid, a runtime refuses it, its outputs are not integers, or
        `inputs` do not fit it.
    ToolMissing
        When a runtime that is asked for is not installed.
    InternalError
        When a child crashed, or ran out of time or memory.
    """
    if runtimes is None:
        runtimes = [info.runtime for info in installed_runtimes()]
    expected = run_model(model_bytes, inputs, runtime=oracle, name=name)
    if not np.issubdtype(expected.dtype, np.integer):
        raise BadInput(
            f"{name} gives {expected.dtype}, and runtimes are compared on integers",
            hint="export it with int8 outputs",
        )
    return tuple(
        agreement_between(
            expected,
            run_model(model_bytes, inputs, runtime=runtime, name=name),
            runtime=runtime,
            oracle=oracle,
        )
        for runtime in runtimes
        if runtime is not oracle
    )


def agreement_between(
    expected: NDArray[Any], actual: NDArray[Any], *, runtime: Runtime, oracle: Runtime
) -> RuntimeAgreement:
    """Compare integer outputs ``[n, ...]`` of two runtimes, n >= 1, at least one value each."""
    differences = np.abs(actual.astype(np.int64) - expected.astype(np.int64))
    steps, counts = np.unique(differences, return_counts=True)
    samples = len(expected)
    labels = [np.argmax(array.reshape(samples, -1), axis=1) for array in (expected, actual)]
    return RuntimeAgreement(
        runtime=runtime,
        version=runtime_version(runtime),
        oracle=oracle,
        oracle_version=runtime_version(oracle),
        samples=samples,
        values=expected.size,
        mismatches=int(np.count_nonzero(differences)),
        max_lsb=int(differences.max()),
        lsb_histogram=tuple(zip(steps.tolist(), counts.tolist(), strict=True)),
        label_flips=int(np.count_nonzero(labels[0] != labels[1])),
    )
