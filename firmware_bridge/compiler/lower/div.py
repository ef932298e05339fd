"""DIV by a constant of one element, as a table: all else TFLite-Micro leaves undefined."""

from __future__ import annotations

import numpy as np

from firmware_bridge.compiler import fixed_point
from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.unary import lookup_call
from firmware_bridge.compiler.operands import (
    activation_range,
    check_dtype,
    check_output_shape,
    computed_input,
    input_tensor,
    multiplier_of,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from firmware_bridge.compiler.unary_tables import Table
from quantize.tflite.model import Layer
from quantize.tflite.options import ArithmeticOptions
from quantize.tflite.schema import DType

_MOST_RIGHT = 31


def lower_div(layer: Layer) -> KernelCall:
    """Lower DIV by a constant of one element.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or the divisor is computed or 0. When a quotient is
        shifted by more bits than an int32 has: TFLite-Micro then gives what the processor gives.
    """
    options = options_of(layer, ArithmeticOptions)
    source, divisor, target = computed_input(layer), input_tensor(layer, 1), output_tensor(layer)
    check_dtype(layer, divisor, "input 1", DType.INT8)
    if divisor.data is None or divisor.elements != 1:
        refuse(
            layer,
            "its divisor is not one constant, and TFLite-Micro's quotients by 0 are not defined",
        )
    low, high = activation_range(layer, options.activation, target)
    one, other, result = (quantisation_of(layer, t) for t in (source, divisor, target))
    check_output_shape(layer, target, np.broadcast_shapes(source.shape, divisor.shape))
    # In single precision, where MUL has double.
    with np.errstate(all="ignore"):
        real = np.float32(one.scale) / (np.float32(other.scale) * np.float32(result.scale))
    multiplier, shift = multiplier_of(layer, float(real))
    by = int(divisor.data.reshape(-1)[0]) - other.zero_point
    if by == 0:
        refuse(layer, "it divides by 0")
    inverse, bits = fixed_point.reciprocal(abs(by))

    def table() -> Table:
        values = np.zeros(256, np.int64)
        for place, value in enumerate(range(-128 - one.zero_point, 128 - one.zero_point)):
            dividend = value if by > 0 else -value
            # As many bits as still leave an int32.
            left = 31 - (dividend if dividend >= 0 else ~dividend).bit_length()
            right = bits + left - shift
            if not 0 <= right <= _MOST_RIGHT:
                refuse(layer, "its scales lead to shifts that TFLite-Micro does not define")
            quotient = fixed_point.high_multiply(dividend << left, inverse)
            scaled = fixed_point.high_multiply(quotient, multiplier)
            values[place] = fixed_point.rounding_shift(scaled, right)
        return np.clip(values + result.zero_point, low, high).astype(np.int8)

    return lookup_call(layer, table)
