"""What an int8 model must give: from TFLite-Micro; without it, from the firmware's own C."""

from __future__ import annotations

import atexit
import functools
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.host_build import HostModel, build_host_model
from quantize.foundation.errors import ToolMissing
from quantize.foundation.extras import extra, is_installed
from quantize.foundation.temporary import temporary_folder
from quantize.runtimes import Runtime, run_outputs

INSTEAD = "the firmware's own C on this computer, as TFLite-Micro is not installed"


def has_tflite_micro() -> bool:
    """Say whether TFLite-Micro is installed; it is not loaded."""
    return is_installed("tflite_micro")


def held_to(source: str) -> str:
    """Return what outputs were compared on, with what they were held to if not TFLite-Micro."""
    return source if has_tflite_micro() else f"{source.rstrip(',')}, held to {INSTEAD},"


def expected_outputs(
    model: bytes,
    inputs: NDArray[np.generic] | Sequence[NDArray[np.generic]],
    *,
    sequence: bool = False,
    name: str = "the model",
) -> tuple[NDArray[Any], ...]:
    """Return each of an int8 model's outputs, ``[n, ...]``.

    Where TFLite-Micro is not installed, it is the device's own C, built for this computer: it shows
    that the device computes what was compiled for it, not that this is what TFLite-Micro would.

    Parameters
    ----------
    model
        The bytes of the int8 .tflite.
    inputs
        ``[n, ...]``; of several inputs one such for each.
    sequence
        Whether the samples are steps of one sequence, for a model that keeps state.
    name
        What messages call the model.

    Raises
    ------
    ToolMissing
        When there is neither TFLite-Micro nor a C compiler.
    BadInput
        When the model or the inputs cannot be used.
    """
    if has_tflite_micro():
        return run_outputs(
            model, inputs, runtime=Runtime.TFLITE_MICRO, sequence=sequence, name=name
        )
    return _built(model, name).all_outputs(inputs, sequence=sequence)


@functools.lru_cache(maxsize=4)
def _built(model: bytes, name: str) -> HostModel:
    """Build a model's C, for as long as this process lives: streams ask again and again."""
    stack = ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(temporary_folder("oracle"))
    try:
        return build_host_model(compile_model(model, name), folder)
    except ToolMissing as error:
        raise ToolMissing(
            f"TFLite-Micro is not installed, and {error.message}",
            hint=f"{extra('runtimes').install}, or {error.hint}",
        ) from error
