"""ADD_N and L2_NORMALIZATION."""

from __future__ import annotations

import math

from firmware_bridge.compiler.fixed_point import INT32_MAX
from firmware_bridge.compiler.operands import (
    check_output_shape,
    computed_input,
    multiplier_of,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
    same_quantisation,
)
from firmware_bridge.compiler.records import Field, KernelCall
from quantize.tflite.model import Layer
from quantize.tflite.options import L2NormOptions
from quantize.tflite.schema import Activation

_COMMON_BITS = 20
"""Sums are taken with so many more bits, less one for a scale that is twice the inputs'."""
_MOST_INPUTS = 16
"""Their sum with these bits must fit an int32."""
_L2_OUTPUT = (1 / 128, 0)


def lower_add_n(layer: Layer) -> KernelCall:
    """Lower ADD_N of tensors with one quantisation.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or there are fewer than two or too many.
    """
    target = output_tensor(layer)
    parts = [computed_input(layer, i) for i in range(len(layer.operator.inputs))]
    count = len(parts)
    if not 2 <= count <= _MOST_INPUTS:
        refuse(layer, f"it adds {count} tensors, where 2 to {_MOST_INPUTS} are taken")
    for part in parts:
        same_quantisation(layer, parts[0], part, "it adds with one multiplier")
        check_output_shape(layer, target, part.shape)
    one = quantisation_of(layer, parts[0])
    other = quantisation_of(layer, target)
    real = 2 * one.scale / ((1 << _COMMON_BITS) * other.scale)
    multiplier, shift = multiplier_of(layer, real)
    if shift > 0:
        refuse(layer, "its output's scale is too small beside its inputs'")
    fields: dict[str, Field] = {
        "count": count,
        "elements": target.elements,
        "zero_points": count * one.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "output_zero_point": other.zero_point,
    }
    return _call(layer, "i8_add_n", fields)


def lower_l2_normalization(layer: Layer) -> KernelCall:
    """Lower L2_NORMALIZATION over the last axis.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, an activation is fused, or the sum of the
        squares may overflow.
    """
    options = options_of(layer, L2NormOptions)
    if options.activation is not Activation.NONE:
        refuse(layer, f"it has the fused activation {options.activation.name}")
    source, target = computed_input(layer), output_tensor(layer)
    check_output_shape(layer, target, source.shape)
    other = quantisation_of(layer, target)
    if (other.scale, other.zero_point) != _L2_OUTPUT:
        refuse(
            layer,
            f"its output has scale {other.scale:g} and zero point {other.zero_point}, where 1/128 "
            "and 0 are right",
        )
    depth = source.shape[-1] if source.shape else 1
    if depth * 255 * 255 > INT32_MAX:
        refuse(layer, f"the squares of {depth} values may overflow 32 bits")
    fields: dict[str, Field] = {
        "rows": math.prod(source.shape[:-1]),
        "depth": depth,
        "zero_point": quantisation_of(layer, source).zero_point,
    }
    return _call(layer, "i8_l2_normalise", fields)


def _call(layer: Layer, function: str, fields: dict[str, Field]) -> KernelCall:
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=function,
        header=f"{function}.h",
        struct=function,
        fields=fields,
        constants=(),
        inputs=layer.operator.inputs,
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
        in_place=True,
    )
