"""What makes, takes and recasts truth values, which lie in the arena as bytes of 0 and 1.

EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, SELECT_V2 and CAST.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler import fixed_point
from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall, plain_call
from firmware_bridge.compiler.lower.axes import merged
from firmware_bridge.compiler.lower.elementwise import (
    ALL,
    broadcast_operands,
    broadcast_steps,
    by_bits,
)
from firmware_bridge.compiler.lower.move import moving_call, with_constant_parts
from firmware_bridge.compiler.lower.unary import lookup_call
from firmware_bridge.compiler.operands import (
    check_dtype,
    check_output_shape,
    computed_input,
    input_tensor,
    multiplier_of,
    output_tensor,
    quantisation_of,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.schema import DType

_TRUE_IF: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "EQUAL": (0, 1, 0),
        "NOT_EQUAL": (1, 0, 1),
        "GREATER": (0, 0, 1),
        "GREATER_EQUAL": (0, 1, 1),
        "LESS": (1, 0, 0),
        "LESS_EQUAL": (1, 1, 0),
    }
)
"""Where the first operand is less, equal and greater."""
_VALUE_BITS = 8
"""Operands are compared as real numbers with so many bits after the point."""
_MOST_COMPARED = 4
_MOST_SELECTED = 5
"""Axes that TFLite-Micro repeats operands along."""


def lower_comparison(layer: Layer) -> KernelCall:
    """Lower a comparison of two int8 tensors to bool; by one constant it is a table.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or broadcasting takes more than four loops.
    """
    operands = broadcast_operands(layer, made=DType.BOOL)
    first, second = operands.first, operands.second
    target = output_tensor(layer, dtype=DType.BOOL)
    _check_axes(layer, [first, second], target, _MOST_COMPARED)
    if_less, if_equal, if_greater = _TRUE_IF[layer.name]
    if operands.swapped:
        if_less, if_greater = if_greater, if_less
    scaled = [_scaled(layer, tensor) for tensor in (first, second)]
    if second.data is not None and second.elements == 1:
        order = np.sign(scaled[0] - scaled[1][int(second.data.reshape(-1)[0]) + 128])
        table = np.asarray((if_less, if_equal, if_greater), np.int8)[order + 1]
        types = (DType.INT8, DType.BOOL)
        position = layer.operator.inputs.index(first.index)
        return lookup_call(layer, lambda: table, position=position, types=types)
    fields: dict[str, Field] = {
        "scaled_0": "scaled_0",
        "scaled_1": "scaled_1",
        "lengths": operands.lengths,
        "steps_0": operands.steps[0],
        "steps_1": operands.steps[1],
        "if_less": if_less,
        "if_equal": if_equal,
        "if_greater": if_greater,
    }
    constants = tuple(Constant(f"scaled_{i}", by_bits(table)) for i, table in enumerate(scaled))
    return _call(layer, "i8_compare", fields, [first, second], constants)


def _scaled(layer: Layer, tensor: Tensor) -> NDArray[np.int64]:
    """Return what an operand's values -128 to 127 stand for, with bits after the point."""
    quantisation = quantisation_of(layer, tensor)
    multiplier, shift = multiplier_of(layer, quantisation.scale)
    if shift > 0:
        refuse(layer, f"it compares values of scale {quantisation.scale:g}, and below 1 is right")
    return fixed_point.multiply((ALL - quantisation.zero_point) << _VALUE_BITS, multiplier, shift)


def lower_select_v2(layer: Layer) -> KernelCall:
    """Lower SELECT_V2 of int8, of which either may be constant.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, the condition is a constant, or broadcasting
        takes more than four loops.
    """
    condition = computed_input(layer, 0, DType.BOOL)
    target = output_tensor(layer)
    parts = [condition, *(input_tensor(layer, position) for position in (1, 2))]
    for position in (1, 2):
        check_dtype(layer, parts[position], f"input {position}", DType.INT8)
        same_quantisation(layer, parts[position], target, "it picks one of two values")
    shapes = [part.shape for part in parts]
    try:
        check_output_shape(layer, target, np.broadcast_shapes(*shapes))
    except ValueError:
        refuse(layer, f"its shapes do not fit: {', '.join(str(list(shape)) for shape in shapes)}")
    _check_axes(layer, parts, target, _MOST_SELECTED)
    loops = merged(target.shape, *(broadcast_steps(shape, target.shape) for shape in shapes))
    if loops is None:
        refuse(layer, "its broadcasting takes more than four loops")
    lengths, walks = loops
    names = ("steps_condition", "steps_0", "steps_1")
    fields: dict[str, Field] = {"lengths": lengths, **dict(zip(names, walks, strict=True))}
    return _call(layer, "i8_select", fields, parts, ())


def lower_cast(layer: Layer) -> KernelCall:
    """Lower CAST from bool or int8 to either: the integers, whatever they stand for.

    Raises
    ------
    BadInput
        When types or shapes do not fit.
    """
    source, target = input_tensor(layer, 0), layer.outputs[0]
    kinds = {DType.BOOL, DType.INT8}
    if source.dtype not in kinds or target.dtype not in kinds:
        refuse(layer, f"it casts {source.dtype.label} to {target.dtype.label}")
    check_output_shape(layer, target, source.shape)
    if source.dtype is DType.INT8 and target.dtype is DType.BOOL:
        table = np.asarray(ALL != 0, np.int8)
        return lookup_call(layer, lambda: table, types=(DType.INT8, DType.BOOL))
    computed = computed_input(layer, 0, source.dtype)
    return moving_call(layer, None, "", "", {}, inputs=(computed.index,))


def _check_axes(layer: Layer, parts: list[Tensor], target: Tensor, most: int) -> None:
    """Refuse operands that are repeated along more axes than TFLite-Micro walks."""
    rank = len(target.shape)
    if rank > most and any(part.shape != target.shape for part in parts):
        refuse(layer, f"it repeats operands along {rank} axes, and TFLite-Micro takes {most}")


def _call(
    layer: Layer,
    kernel: str,
    fields: dict[str, Field],
    parts: list[Tensor],
    constants: tuple[Constant, ...],
) -> KernelCall:
    inputs = tuple(part.index for part in parts)
    in_place = parts[0].data is None and parts[0].shape == layer.outputs[0].shape
    call = plain_call(layer, kernel, fields, inputs, constants=constants, in_place=in_place)
    return with_constant_parts(call, parts)
