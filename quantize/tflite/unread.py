"""What a whole file may hold that is not used here, and what to do about each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quantize.tflite.model import Model, Subgraph, Tensor
from quantize.tflite.remarks import Unread
from quantize.tflite.verify import QUANTISED, is_open, lengths_fit, used_tensors

SCHEMA_VERSION = 3
_CALIBRATE = (
    "calibrate with other data: what was recorded there was infinite, not a number, or nothing"
)
_FIX_SHAPES = "fix the shapes of the inputs when converting"
_NOT_EMPTY = "leave out the layer that makes nothing, or fix the shapes when converting"


def find_unread(model: Model) -> Iterator[Unread]:
    """Yield why a model without damage is not used here, in the order of the file.

    Sparse and external tensors and unknown types are found as the file is read
    (`quantize.tflite.parts`). Here: a later schema; scales that nothing can compute with; tensors
    without elements, where an operator reads or writes one; shapes that only fit at run time;
    variables with a first value.
    """
    if model.version != SCHEMA_VERSION:
        yield Unread(
            "the file",
            f"it is of schema version {model.version}, where {SCHEMA_VERSION} is known",
            "convert the model with TensorFlow 2",
        )
    for subgraph in model.subgraphs:
        used = used_tensors(subgraph)
        for tensor in subgraph.tensors:
            if tensor.index in used:
                yield from _tensor(subgraph, tensor)
        yield from _operators(subgraph)


def unusable_scale(tensor: Tensor) -> str:
    """Say why nothing can be computed with a tensor's scales, or return ``""``."""
    if tensor.quantisation is None or tensor.dtype not in QUANTISED:
        return ""
    scales = tensor.quantisation.scales
    if np.isnan(scales).any():
        return "a scale is not a number"
    if np.isinf(scales).any():
        return "a scale is infinite"
    if not tensor.is_constant and (scales == 0).any():
        return "a scale is 0, so all of its values would be 0"
    return ""


def _tensor(subgraph: Subgraph, tensor: Tensor) -> Iterator[Unread]:
    where = subgraph.tensor_label(tensor.index)
    problem = unusable_scale(tensor)
    if problem:
        yield Unread(where, problem, _CALIBRATE, sound=False)
    if tensor.is_variable and tensor.is_constant:
        yield Unread(
            where,
            "it is a variable and a constant at once, which LiteRT refuses to load",
            "convert the model without first values of its variables",
        )


def _operators(subgraph: Subgraph) -> Iterator[Unread]:
    for layer in subgraph.layers:
        tensors = (*layer.inputs, *layer.outputs)
        # A scalar's shape is a constant without elements, which is as it should be.
        empty = next((t for t in tensors if 0 in t.shape and not _is_empty_shape(t)), None)
        if empty is not None:
            yield Unread(
                layer.label,
                f"it uses tensor {empty.index}, which has no elements",
                _NOT_EMPTY,
            )
        elif any(is_open(t) for t in tensors) and not lengths_fit(layer):
            yield Unread(
                layer.label,
                "its shapes are known only at run time: those in the file do not fit",
                _FIX_SHAPES,
            )


def _is_empty_shape(tensor: Tensor) -> bool:
    return tensor.shape == (0,) and not tensor.dtype.is_float and tensor.quantisation is None
