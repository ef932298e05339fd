"""What lowerings ask of a layer: tensors, quantisation, activation; and how they refuse."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.fixed_point import quantise_multiplier
from quantize.foundation.errors import BadInput
from quantize.tflite.model import Layer, Quantisation, Tensor
from quantize.tflite.schema import Activation, DType

_CONVERT_HINT = "convert the model to full int8, with int8 input and output"
_Options = TypeVar("_Options")


def refuse(layer: Layer, reason: str, *, hint: str = "") -> NoReturn:
    """Raise `BadInput` that names the layer and says why it cannot be compiled."""
    raise BadInput(
        f"{layer.label} cannot be compiled: {reason}",
        hint=hint or "change the layer, or run this model in TFLite-Micro",
    )


def options_of(layer: Layer, kind: type[_Options]) -> _Options:
    """Return the operator's options, which must be of `kind`."""
    if not isinstance(layer.options, kind):
        refuse(layer, "its options are missing", hint=_CONVERT_HINT)
    return layer.options


def input_tensor(layer: Layer, position: int) -> Tensor:
    """Return an input that must be there."""
    tensor = layer.input(position)
    if tensor is None:
        refuse(layer, f"it lacks input {position}")
    return tensor


def computed_input(layer: Layer, position: int = 0, dtype: DType = DType.INT8) -> Tensor:
    """Return an input of `dtype` that is computed at run time."""
    tensor = input_tensor(layer, position)
    if tensor.is_constant:
        refuse(
            layer,
            f"input {position} is a constant",
            hint="fold layers over constants when converting",
        )
    check_dtype(layer, tensor, f"input {position}", dtype)
    return tensor


def output_tensor(layer: Layer, position: int = 0, dtype: DType = DType.INT8) -> Tensor:
    """Return an output, which must be of `dtype`."""
    if position >= len(layer.outputs):
        refuse(layer, f"it lacks output {position}")
    tensor = layer.outputs[position]
    check_dtype(layer, tensor, f"output {position}", dtype)
    return tensor


def check_dtype(layer: Layer, tensor: Tensor, what: str, dtype: DType) -> None:
    """Refuse a tensor that is not of `dtype`."""
    if tensor.dtype is not dtype:
        refuse(
            layer,
            f"{what} is {tensor.dtype.label}, not {dtype.label}",
            hint=_CONVERT_HINT,
        )


def integer_range(dtype: DType) -> tuple[int, int]:
    """Return the least and the greatest value of an integer type."""
    kind = np.iinfo(dtype.label)
    return int(kind.min), int(kind.max)


def constant_integers(layer: Layer, position: int) -> NDArray[np.int64]:
    """Return a constant int32 or int64 input (axes, paddings, sizes), flat."""
    tensor = input_tensor(layer, position)
    if tensor.data is None or tensor.dtype not in {DType.INT32, DType.INT64}:
        refuse(
            layer,
            f"input {position} must be constant integers",
            hint="shapes, axes and paddings must be known when converting",
        )
    return np.asarray(tensor.data, np.int64).reshape(-1)


def quantisation_of(layer: Layer, tensor: Tensor) -> Quantisation:
    """Return the quantisation of an activation: one scale and one zero point."""
    quantisation = tensor.quantisation
    if quantisation is None or quantisation.per_axis:
        what = "is not quantised" if quantisation is None else "has more than one scale"
        refuse(layer, f"tensor {tensor.index} {what}", hint=_CONVERT_HINT)
    return quantisation


def multiplier_of(layer: Layer, real: float) -> tuple[int, int]:
    """Return the fixed-point form of a scale; see `fixed_point.quantise_multiplier`."""
    try:
        return quantise_multiplier(real)
    except ValueError as error:
        refuse(layer, f"its scales give {error}", hint=_CONVERT_HINT)


def activation_range(layer: Layer, activation: Activation, output: Tensor) -> tuple[int, int]:
    """Return the int8 range that a fused activation leaves of an output."""
    low, high = -128, 127
    if activation is Activation.NONE:
        return low, high
    bounds = {
        Activation.RELU: (0.0, None),
        Activation.RELU6: (0.0, 6.0),
        Activation.RELU_N1_TO_1: (-1.0, 1.0),
    }.get(activation)
    if bounds is None:
        refuse(layer, f"it has the fused activation {activation.name}")
    quantisation = quantisation_of(layer, output)
    least, most = bounds
    low = max(low, _quantised(least, quantisation))
    if most is not None:
        high = min(high, _quantised(most, quantisation))
    if low > high:
        refuse(layer, f"its activation {activation.name} leaves no value")
    return low, high


def _quantised(value: float, quantisation: Quantisation) -> int:
    """Round as TFLite-Micro does: a float32 quotient, ties away from zero."""
    magnitude = min(abs(value) / quantisation.scale, float(1 << 20))
    rounded = int(np.floor(np.float64(np.float32(magnitude)) + 0.5))
    return quantisation.zero_point + (rounded if value > 0 else -rounded)


def same_quantisation(layer: Layer, first: Tensor, second: Tensor, why: str) -> None:
    """Refuse two tensors whose integers stand for different numbers."""
    one = quantisation_of(layer, first)
    other = quantisation_of(layer, second)
    if one.scale != other.scale or one.zero_point != other.zero_point:
        refuse(
            layer,
            f"{why}, yet it is quantised with scale {one.scale:g} and zero point "
            f"{one.zero_point} on one side, {other.scale:g} and {other.zero_point} on the other",
            hint="convert the model again: converters keep these equal",
        )


def check_output_shape(layer: Layer, target: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse an output that is not of `shape`."""
    if target.shape != shape:
        refuse(layer, f"its output is {list(target.shape)}, where {list(shape)} is right")


def flat(values: Any, dtype: Any) -> NDArray[Any]:
    """Return values as a contiguous array of one axis."""
    return np.ascontiguousarray(np.asarray(values).reshape(-1), dtype)
