"""Outputs of clips from the int8 model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeser.targets.oracle import expected_outputs
from quantize.runtimes import Runtime, run_outputs


def int8_outputs(
    model: bytes, features: NDArray[np.int8], *, runtime: Runtime | None = None
) -> tuple[NDArray[np.int8], ...]:
    """Return each of the int8 model's raw outputs, int8 [clips, ...], from one runtime.

    `None` is TFLite-Micro, or what stands for it where it is not installed.
    """
    if runtime is None:
        found = expected_outputs(model, features)
    else:
        found = run_outputs(model, features, runtime=runtime)
    return tuple(values.reshape(len(features), -1) for values in found)


def int8_logits(
    model: bytes, features: NDArray[np.int8], *, runtime: Runtime | None = None
) -> NDArray[np.int8]:
    """Return the int8 model's raw output, int8 [clips, classes]; `runtime` as of `int8_outputs`."""
    return int8_outputs(model, features, runtime=runtime)[0]
