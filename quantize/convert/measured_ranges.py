"""Ranges of activations as they are, in place of those that TensorFlow's calibrator notes.

The calibrator looks at what an operator takes once the operator has run. A sum or product that
stands where its input stood (TensorFlow Lite computes many in place) has then overwritten it, and
what it gave counts into its input's range: of ``mean * 24`` the mean gets a range of 24 times its
own, which costs 28 dB. Here the calibrated graph runs once more, with all tensors kept apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.convert.quantiser import Quantise, Range, changed_quantiser, with_ranges
from quantize.runtimes.catalogue import Runtime
from quantize.runtimes.engines import LiteRtEngine
from quantize.tflite import read_model
from quantize.tflite.model import Subgraph, Tensor
from quantize.tflite.schema import DType

_SAME_SCALE = frozenset(
    {"AVERAGE_POOL_2D", "BATCH_TO_SPACE_ND", "BROADCAST_TO", "CONCATENATION", "DEPTH_TO_SPACE",
     "EXPAND_DIMS", "GATHER", "GATHER_ND", "MAXIMUM", "MAX_POOL_2D", "MINIMUM", "MIRROR_PAD",
     "PACK", "PAD", "PADV2", "REDUCE_MAX", "REDUCE_MIN", "RESHAPE", "RESIZE_BILINEAR",
     "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "SELECT", "SELECT_V2", "SLICE", "SPACE_TO_BATCH_ND",
     "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQUEEZE", "STRIDED_SLICE", "TILE", "TRANSPOSE",
     "UNPACK"}
)  # fmt: skip
"""Operators whose int8 inputs and outputs have one scale."""
_STEPS_BEYOND = 2
"""Of int8, that a value may lie beyond it: of a softmax or a tanh the largest lies one."""
Samples = Callable[[], Iterator[Sequence[NDArray[np.float32]]]]
"""Gives all inputs of each sample, in the graph's order."""


def first_alone(samples: Samples) -> Samples:
    """Return the first sample, which is all that the calibrator is given."""
    return lambda: islice(samples(), 1)


@contextmanager
def measured_on(samples: Samples) -> Iterator[None]:
    """Let TensorFlow's converter quantise by the ranges that samples have, in this process.

    Where a tensor gets a narrower range than it has, the graph is quantised anew: operators that
    only move values have one scale on both sides, and where ranges differ, as of an average beside
    what it is taken of, the converter may take the narrower one for both, and cut off what lies
    beyond.
    """

    def step(quantise: Quantise, calibrated: bytes) -> Any:
        ranges = tensor_ranges(calibrated, samples)
        made = quantise(_with(calibrated, ranges))
        wider = without_clipping(calibrated, bytes(made), ranges)
        return made if wider == ranges else quantise(_with(calibrated, wider))

    with changed_quantiser(step):
        yield


def _with(calibrated: bytes, ranges: Mapping[int, Range]) -> bytes:
    """Return the graph with these ranges, where calibration noted one."""

    def range_of(index: int, tensor: Any) -> Range | None:
        return None if tensor.quantization.min is None else ranges.get(index)

    return with_ranges(calibrated, range_of)


def without_clipping(
    float_tflite: bytes, int8_tflite: bytes, ranges: Mapping[int, Range]
) -> dict[int, Range]:
    """Return ranges that are as wide as those of all that a clipped tensor shares its scale with.

    Parameters
    ----------
    float_tflite, int8_tflite
        A graph, and what became of it.
    ranges
        Of the former's tensors.
    """
    graph = read_model(float_tflite, name="the calibrated graph").main
    held: dict[str, Tensor] = {}
    for tensor in read_model(int8_tflite, name="the int8 model").main.tensors:
        grid = tensor.quantisation
        if tensor.dtype is DType.INT8 and grid is not None and not grid.per_axis:
            held.setdefault(tensor.name, tensor)
    out = dict(ranges)
    for index, (low, high) in ranges.items():
        made = held.get(graph.tensors[index].name)
        if made is None or made.quantisation is None:
            continue
        scale, zero = made.quantisation.scale, made.quantisation.zero_point
        least, most = (scale * (step - zero) for step in (-128, 127))
        if low >= least - _STEPS_BEYOND * scale and high <= most + _STEPS_BEYOND * scale:
            continue
        group = [each for each in _of_one_scale(graph, index) if each in ranges]
        whole = min(ranges[e][0] for e in group), max(ranges[e][1] for e in group)
        out |= dict.fromkeys(group, whole)
    return out


def _of_one_scale(graph: Subgraph, index: int) -> set[int]:
    """Return the tensors that share their scale with one."""
    group = {index}
    while True:
        more = {
            each
            for operator in graph.operators
            if operator.name in _SAME_SCALE and group & {*operator.inputs, *operator.outputs}
            for each in (*operator.inputs, *operator.outputs)
        }
        if more <= group:
            return group
        group |= more


def tensor_ranges(float_tflite: bytes, samples: Samples) -> dict[int, Range]:
    """Return the least and the greatest value of each float tensor that is no constant.

    Parameters
    ----------
    float_tflite
        The graph.
    samples
        What it runs on.
    """
    graph = read_model(float_tflite, name="the calibrated graph").main
    made = [index for operator in graph.operators for index in operator.outputs]
    indices = [
        index
        for index in (*graph.inputs, *made)
        if graph.tensors[index].dtype is DType.FLOAT32 and 0 not in graph.tensors[index].shape
    ]
    engine = LiteRtEngine(float_tflite, Runtime.LITERT_BUILTIN, num_threads=1, preserve=True)
    lows = np.full(len(indices), np.inf, np.float32)
    highs = np.full(len(indices), -np.inf, np.float32)
    for sample in samples():
        for position, values in enumerate(sample):
            engine.set_input(position, values)
        engine.invoke()
        for place, index in enumerate(indices):
            values = engine.tensor(index)
            lows[place] = min(lows[place], values.min())
            highs[place] = max(highs[place], values.max())
    return {
        index: (float(low), float(high))
        for index, low, high in zip(indices, lows, highs, strict=True)
    }
