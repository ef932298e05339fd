"""Ranges of activations that are known beforehand, in place of those that calibration saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from quantize.tflite import read_model
from quantize.tflite.schema import DType

Range = tuple[float, float]
"""The real values of int8's least and greatest step."""


def activation_ranges(int8_tflite: bytes, layer_names: Mapping[str, str]) -> dict[str, Range]:
    """Return the range of what each layer of an int8 model gives, by the layer's name.

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

    The converter has no setting for it: between calibration and quantisation it hands on a file
    that holds the least and the greatest value of each tensor, and these are replaced. Without
    ranges nothing is touched.
    """
    if not ranges:
        yield
        return
    from tensorflow.lite.python import lite

    quantise = lite._mlir_quantize

    def with_ranges(calibrated: bytes, *arguments: Any, **options: Any) -> Any:
        return quantise(_replaced(calibrated, ranges), *arguments, **options)

    lite._mlir_quantize = with_ranges
    try:
        yield
    finally:
        lite._mlir_quantize = quantise


def _replaced(calibrated: bytes, ranges: Mapping[str, Range]) -> bytes:
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(calibrated))
    left = set(ranges)
    for tensor in model.subgraphs[0].tensors:
        name = tensor.name.decode("utf-8")
        if name in ranges and tensor.quantization is not None:
            low, high = ranges[name]
            tensor.quantization.min, tensor.quantization.max = [low], [high]
            left.discard(name)
    if left:
        raise ValueError(f"calibration saw no tensor {min(left)}, whose range is to be kept")
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
