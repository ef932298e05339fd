"""ADD_N and CUMSUM: sums of values of one scale, held on a common scale as TFLite-Micro does."""

from __future__ import annotations

import math

from firmware_bridge.compiler.kernel_call import Field, KernelCall, plain_call
from firmware_bridge.compiler.lower.move import axis_of, joined_parts, with_constant_parts
from firmware_bridge.compiler.operands import (
    check_output_shape,
    computed_input,
    constant_integers,
    multiplier_of,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import CumsumOptions

_COMMON_BITS = 20
"""Of the scale that sums are taken on, beyond twice the inputs'."""
_LARGEST_SUM = 1 << 12
"""Sums less than it, and its opposite, keep to an int32 on that scale."""


def lower_add_n(layer: Layer) -> KernelCall:
    """Lower ADD_N of two tensors or more with one quantisation and one shape.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or sums may overflow.
    """
    parts = joined_parts(layer)
    target = output_tensor(layer)
    if len(parts) < 2:
        refuse(layer, f"it adds {len(parts)} tensors")
    for part in parts:
        same_quantisation(layer, part, parts[0], "its inputs are added as they are")
        check_output_shape(layer, target, part.shape)
    # TFLite-Micro begins with the zero point taken away once more.
    zero_point = quantisation_of(layer, parts[0]).zero_point
    fields: dict[str, Field] = {
        "count": len(parts),
        "elements": target.elements,
        "bias": -(len(parts) + 1) * zero_point,
        **_scaling(layer, parts[0], target, len(parts)),
    }
    inputs = tuple(part.index for part in parts)
    call = plain_call(layer, "i8_add_n", fields, inputs, in_place=True)
    return with_constant_parts(call, parts)


def lower_cumsum(layer: Layer) -> KernelCall:
    """Lower CUMSUM along an axis that is constant.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or sums may overflow.
    """
    options = options_of(layer, CumsumOptions)
    source, target = computed_input(layer), output_tensor(layer)
    axes = constant_integers(layer, 1).tolist()
    if len(axes) != 1:
        refuse(layer, f"it sums along axes {axes}")
    axis = axis_of(layer, axes[0], len(source.shape))
    check_output_shape(layer, target, source.shape)
    length = source.shape[axis]
    fields: dict[str, Field] = {
        "outer": math.prod(source.shape[:axis]),
        "length": length,
        "inner": math.prod(source.shape[axis + 1 :]),
        "is_reversed": int(options.reverse),
        "is_exclusive": int(options.exclusive),
        "zero_point_0": quantisation_of(layer, source).zero_point,
        **_scaling(layer, source, target, length),
    }
    return plain_call(layer, "i8_cumsum", fields, (source.index,), in_place=True)


def _scaling(layer: Layer, source: Tensor, target: Tensor, count: int) -> dict[str, Field]:
    """Return how sums of `count` values become outputs."""
    one, result = quantisation_of(layer, source), quantisation_of(layer, target)
    ends = [count * (end - one.zero_point) - one.zero_point for end in (-128, 127)]
    if min(ends) < -_LARGEST_SUM or max(ends) >= _LARGEST_SUM:
        refuse(layer, f"sums of {count} values may overflow 32 bits")
    multiplier, shift = multiplier_of(layer, 2 * one.scale / ((1 << _COMMON_BITS) * result.scale))
    if shift > 0:
        refuse(layer, "its output's scale is too small beside its inputs'")
    return {"multiplier": multiplier, "shift": shift, "zero_point": result.zero_point}
