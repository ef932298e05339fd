"""A runtime that dies of a model: which operator it was, as an error of the model's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.child import ChildCrashed, ChildResult, call_in_child
from quantize.foundation.errors import BadInput, EdgeserError
from quantize.runtimes import worker
from quantize.runtimes.catalogue import Runtime
from quantize.tflite.model import Layer, Model
from quantize.tflite.prefix import first_operators

_TIMEOUT_S = 20.0
_HINT = "look at that operator's scales and options, or use another runtime"


class RuntimeCrashed(BadInput):
    """A runtime crashed on a model that is whole: the model asks what the runtime cannot do."""


@dataclass(frozen=True, slots=True, eq=False)
class OnRuntime:
    """What runs where: a file's bytes, the same read, and the runtime."""

    data: bytes
    model: Model
    runtime: Runtime


def call_on_model(
    function: Callable[..., Any],
    arrays: Mapping[str, NDArray[Any]],
    options: Mapping[str, Any],
    *,
    on: OnRuntime,
    what: str,
    timeout_s: float,
    memory_bytes: int,
) -> ChildResult:
    """Call a function of `quantize.runtimes.worker` in a child, on a model in a runtime.

    Raises
    ------
    RuntimeCrashed
        When the child dies by a signal; the operator is named where a shorter model shows it.
    EdgeserError
        As `call_in_child`.
    """
    given = {"model": np.frombuffer(on.data, np.uint8), **arrays}
    try:
        return call_in_child(
            function, given, options, what=what, timeout_s=timeout_s, memory_bytes=memory_bytes
        )
    except ChildCrashed as error:
        layer = _crashing_layer(on, options, memory_bytes)
        at = "" if layer is None else f", at {layer.label}"
        raise RuntimeCrashed(f"{error.message}{at}", hint=_HINT) from error


def _crashing_layer(on: OnRuntime, options: Mapping[str, Any], memory_bytes: int) -> Layer | None:
    """Return the last layer of the shortest beginning that the runtime dies of.

    ``None`` where the whole model, on zeros, is not what it dies of, or nothing of it is needed.
    """
    layers = on.model.main.layers
    inputs = [
        [list(tensor.shape), tensor.dtype.numpy.str]
        for tensor in on.model.main.input_tensors
        if tensor.dtype.numpy is not None
    ]
    once = {
        "name": "",
        "runtime": on.runtime.value,
        "num_threads": 1,
        "arena_bytes": options["arena_bytes"],
        "inputs": inputs,
    }

    def dies(count: int) -> bool:
        shorter = np.frombuffer(first_operators(on.data, on.model, count), np.uint8)
        with suppress(EdgeserError):
            try:
                call_in_child(
                    worker.try_once,
                    {"model": shorter},
                    once,
                    what="looking for the operator",
                    timeout_s=_TIMEOUT_S,
                    memory_bytes=memory_bytes,
                )
            except ChildCrashed:
                return True
        return False

    survived, died = 0, len(layers)
    if not layers or not dies(died) or dies(0):
        return None
    while died - survived > 1:
        middle = (survived + died) // 2
        if dies(middle):
            died = middle
        else:
            survived = middle
    return layers[died - 1]
