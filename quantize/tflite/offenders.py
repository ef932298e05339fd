"""Whether a model is int8 throughout: which layers are not, by which tensor, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantize.foundation.foreign import printable
from quantize.tflite.model import Model, Tensor
from quantize.tflite.schema import DType

_INTEGER_HELPERS = frozenset({DType.INT32, DType.INT64, DType.BOOL})
"""Types of shapes, indices and conditions: integers, though not int8."""
_OF_VARIABLES = frozenset({"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"})
"""Operators that a variable's handle is for; what it holds is seen where it is read or assigned."""


@dataclass(frozen=True, slots=True)
class Offender:
    """A layer that keeps a model from being int8 throughout: who, by which tensor, and why.

    `missing` says what an integer tensor lacks; it is empty where the type itself is another one.
    """

    layer: str
    tensor: str
    dtype: str
    missing: str = ""

    def __str__(self) -> str:
        lacks = f" without a {self.missing}" if self.missing else ""
        return f"{self.layer}: tensor '{printable(self.tensor)}' is {self.dtype}{lacks}"


def find_offenders(model: Model) -> tuple[Offender, ...]:
    """Return the layers that keep a model from being int8 throughout, in order.

    A layer is int8 when its activations and weights are int8 with a scale, its bias is int32, and
    all else it reads or writes are integers that are no activations (shapes, axes, indices), or
    handles of variables. The
    model's own inputs and outputs must be int8. A scale must be a finite number above 0; where it
    is 0, a constant's values under it must all be 0 too.
    """
    offenders = []
    for what, tensors in (
        ("input", model.main.input_tensors),
        ("output", model.main.output_tensors),
    ):
        for tensor in tensors:
            if tensor.dtype is not DType.INT8 or _missing(tensor):
                offenders.append(_offender(f"model {what}", tensor))
    for subgraph in model.subgraphs:
        for layer in subgraph.layers:
            for tensor in (*layer.inputs, *layer.outputs):
                if tensor.dtype is DType.RESOURCE and layer.name in _OF_VARIABLES:
                    continue
                if tensor.dtype not in {DType.INT8, *_INTEGER_HELPERS} or _missing(tensor):
                    offenders.append(_offender(layer.label, tensor))
                    break
    return tuple(offenders)


def _offender(layer: str, tensor: Tensor) -> Offender:
    return Offender(layer, tensor.name, tensor.dtype.label, _missing(tensor))


def _missing(tensor: Tensor) -> str:
    """Say what an integer tensor lacks for its integers to stand for numbers."""
    if tensor.dtype not in {DType.INT8, *_INTEGER_HELPERS}:
        return ""
    if tensor.quantisation is None:
        return "scale" if tensor.dtype is DType.INT8 else ""
    scales = tensor.quantisation.scales
    if np.isnan(scales).any():
        return "scale that is a number"
    if np.isinf(scales).any():
        return "finite scale"
    if (scales < 0).any() or (tensor.dtype is DType.INT8 and _is_lost(tensor)):
        return "scale above 0"
    return ""


def _is_lost(tensor: Tensor) -> bool:
    """Whether values other than 0 have a scale of 0, so that 0 is all that they stand for."""
    quantisation, values = tensor.quantisation, tensor.data
    if quantisation is None or not (quantisation.scales == 0).any():
        return False
    if values is None or values.shape != tensor.shape:  # it is computed, or stored in parts
        return True
    scales, zero_points = quantisation.scales, quantisation.zero_points
    if quantisation.per_axis:
        along = [-1 if axis == quantisation.axis else 1 for axis in range(values.ndim)]
        scales, zero_points = scales.reshape(along), zero_points.reshape(along)
    return bool(((scales == 0) & (values != zero_points)).any())
