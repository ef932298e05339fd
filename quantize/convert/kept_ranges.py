"""Ranges of activations that are known beforehand, in place of those that calibration saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from quantize.convert.quantiser import Quantise, Range, changed_quantiser, with_ranges
from quantize.tflite import read_model
from quantize.tflite.schema import DType


def activation_ranges(int8_tflite: bytes, layer_names: Mapping[str, str]) -> dict[str, Range]:
    """Return the range of what each layer of an int8 model gives, by the layer's name.

    From the real value of int8's least step to that of its greatest.

    Parameters
    ----------
    int8_tflite
        The model.
    layer_names
        Paths of torch modules by names of tensors, as `QuantizedModel.layer_names` pairs them.

    Raises
    ------
    BadInput
        When it is no model.
    """
    graph = read_model(int8_tflite, name="the int8 model").main
    found: dict[str, Range] = {}
    for operator in graph.operators:
        tensor = graph.tensors[operator.outputs[0]]
        grid, layer = tensor.quantisation, layer_names.get(tensor.name)
        if layer is None or grid is None or tensor.dtype is not DType.INT8:
            continue
        scale, zero = float(grid.scales[0]), int(grid.zero_points[0])
        found[layer] = (scale * (-128 - zero), scale * (127 - zero))
    return found


def of_tensors(
    ranges: Sequence[tuple[str, float, float]], layer_names: Sequence[tuple[str, str]]
) -> tuple[dict[str, Range], list[str]]:
    """Return ranges by tensor, and the layers that were found among the names."""
    by_layer = {layer: (low, high) for layer, low, high in ranges}
    kept = {tensor: by_layer[layer] for tensor, layer in layer_names if layer in by_layer}
    named = dict(layer_names)
    return kept, sorted({named[tensor] for tensor in kept})


@contextmanager
def instead_of_measured(ranges: Mapping[str, Range]) -> Iterator[None]:
    """Let TensorFlow's converter quantise tensors of these names by these ranges, in this process.

    Without ranges nothing is touched.
    """
    if not ranges:
        yield
        return

    def step(quantise: Quantise, calibrated: bytes) -> Any:
        return quantise(_replaced(calibrated, ranges))

    with changed_quantiser(step):
        yield


def _replaced(calibrated: bytes, ranges: Mapping[str, Range]) -> bytes:
    left = set(ranges)

    def range_of(_: int, tensor: Any) -> Range | None:
        name = tensor.name.decode("utf-8")
        left.discard(name)
        return ranges.get(name)

    replaced = with_ranges(calibrated, range_of)
    if left:
        raise ValueError(f"calibration saw no tensor {min(left)}, whose range is to be kept")
    return replaced
