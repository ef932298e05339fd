"""L2_NORMALIZATION."""

from __future__ import annotations

import math

from firmware_bridge.compiler.fixed_point import INT32_MAX
from firmware_bridge.compiler.kernel_call import Field, KernelCall, plain_call
from firmware_bridge.compiler.operands import (
    check_output_shape,
    computed_input,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from quantize.tflite.model import Layer
from quantize.tflite.options import L2NormOptions
from quantize.tflite.schema import Activation

_L2_OUTPUT = (1 / 128, 0)


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
    return plain_call(layer, "i8_l2_normalise", fields, layer.operator.inputs, in_place=True)
