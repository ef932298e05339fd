"""An int8 model whose weights are shuffled, layer by layer from the last one on.

Adebayo et al., "Sanity Checks for Saliency Maps", 2018: an explanation that stays when what was
learnt is gone explains the input, not the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import InternalError
from quantize.tflite import read_model
from quantize.tflite.model import Tensor

_WITH_WEIGHTS = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}


@dataclass(frozen=True, slots=True)
class ShuffledModel:
    """A model with shuffled weights: its bytes, how many layers of how many, the last one."""

    data: bytes
    layers: int
    of: int
    last: str


def shuffled_models(model: bytes, *, stages: int, seed: int = 0) -> Iterator[ShuffledModel]:
    """Yield a model with more and more layers shuffled, from the last to the first.

    Each layer's int8 weights change places among themselves: their distribution, their scales and
    the biases stay.

    Parameters
    ----------
    model
        The bytes of a .tflite.
    stages
        How many models; the first has its last layer shuffled, the last one all of them.
    seed
        Of the order.
    """
    weights = _weights(model)[::-1]
    if not weights:
        return
    rng = np.random.default_rng(seed)
    data = np.frombuffer(model, np.uint8).copy()
    ends = _stage_ends(len(weights), stages)
    original = np.frombuffer(model, np.uint8)
    for number, (tensor, name) in enumerate(weights, 1):
        start, size = _place(original, tensor)
        data[start : start + size] = rng.permutation(data[start : start + size])
        if number in ends:
            yield ShuffledModel(data.tobytes(), number, len(weights), name)


def _stage_ends(layers: int, stages: int) -> set[int]:
    return {int(n) for n in np.rint(np.geomspace(1, layers, min(stages, layers)))}


def _weights(model: bytes) -> Sequence[tuple[Tensor, str]]:
    """Return the constant int8 weights in the order of the operators, each once."""
    found: dict[int, tuple[Tensor, str]] = {}
    for layer in read_model(model).main.layers:
        if layer.name not in _WITH_WEIGHTS:
            continue
        tensor = layer.input(1)
        if tensor is not None and tensor.data is not None and tensor.data.dtype == np.int8:
            found.setdefault(tensor.buffer, (tensor, layer.label))
    return list(found.values())


def _place(whole: NDArray[np.uint8], tensor: Tensor) -> tuple[int, int]:
    """Return where a constant's bytes are in the file: it is a view into them, or equal to them."""
    assert tensor.data is not None  # noqa: S101  chosen so
    wanted = np.ascontiguousarray(tensor.data).tobytes()
    start = tensor.data.ctypes.data - whole.ctypes.data
    if not 0 <= start <= whole.size - len(wanted):
        start = whole.tobytes().find(wanted)
    if start < 0 or whole[start : start + len(wanted)].tobytes() != wanted:
        raise InternalError(f"the weights of {tensor.named} are not found in the file")
    return start, len(wanted)
