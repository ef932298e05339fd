"""MINIMUM, MAXIMUM, PRELU and SQUARED_DIFFERENCE with broadcasting."""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.compiler import fixed_point
from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.lower.elementwise import (
    ALL,
    Operands,
    broadcast_call,
    broadcast_operands,
    by_bits,
)
from firmware_bridge.compiler.operands import (
    multiplier_of,
    output_tensor,
    quantisation_of,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer, Quantisation

_MOST_LEFT_OF_VALUES = 22
"""Values less a zero point have 9 bits, products of two of them 18; so many more fit an int32."""
_MOST_LEFT_OF_PRODUCTS = 13
_DIFFERENCE_BITS = 7


def lower_extremum(layer: Layer) -> KernelCall:
    """Lower MINIMUM or MAXIMUM of tensors with one quantisation.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit.
    """
    operands = broadcast_operands(layer)
    target = output_tensor(layer)
    for operand in (operands.first, operands.second):
        same_quantisation(layer, operand, target, "it picks one of two values")
    return _call(layer, f"i8_{layer.name.lower()}", operands, {}, [])


def lower_prelu(layer: Layer) -> KernelCall:
    """Lower PRELU: below zero the slope is the second operand.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or the first operand is broadcast.
    """
    operands = broadcast_operands(layer)
    if operands.swapped:
        refuse(layer, "its input is constant or broadcast")
    one = quantisation_of(layer, operands.first)
    other = quantisation_of(layer, operands.second)
    result = quantisation_of(layer, output_tensor(layer))
    above = multiplier_of(layer, one.scale / result.scale)
    below = multiplier_of(layer, one.scale * other.scale / result.scale)
    if above[1] > _MOST_LEFT_OF_VALUES or below[1] > _MOST_LEFT_OF_PRODUCTS:
        refuse(layer, "its output's scale is too small beside its inputs'")
    fields: dict[str, Field] = {
        "zero_point_0": one.zero_point,
        "zero_point_1": other.zero_point,
        "multiplier_0": above[0],
        "shift_0": above[1],
        "multiplier": below[0],
        "shift": below[1],
        "zero_point": result.zero_point,
    }
    return _call(layer, "i8_prelu", operands, fields, [])


def lower_squared_difference(layer: Layer) -> KernelCall:
    """Lower SQUARED_DIFFERENCE.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit.
    """
    operands = broadcast_operands(layer)
    pair = [quantisation_of(layer, operand) for operand in (operands.first, operands.second)]
    result = quantisation_of(layer, output_tensor(layer))
    twice = 2 * max(quantisation.scale for quantisation in pair)
    real = twice * twice / ((1 << 2 * _DIFFERENCE_BITS) * result.scale)
    multiplier, shift = multiplier_of(layer, real)
    if shift > 0:
        refuse(layer, "its output's scale is too small beside its inputs'")
    tables = [_scaled(layer, quantisation, twice) for quantisation in pair]
    fields: dict[str, Field] = {
        "scaled_0": "scaled_0",
        "scaled_1": "scaled_1",
        "multiplier": multiplier,
        "shift": shift,
        "zero_point": result.zero_point,
    }
    return _call(layer, "i8_squared_difference", operands, fields, tables)


def _scaled(layer: Layer, quantisation: Quantisation, twice: float) -> fixed_point.Raw:
    """Return an operand's values on the common scale, from -128 to 127."""
    multiplier, shift = multiplier_of(layer, quantisation.scale / twice)
    centred = (ALL - quantisation.zero_point) << _DIFFERENCE_BITS
    return fixed_point.multiply(centred, multiplier, shift)


def _call(
    layer: Layer,
    kernel: str,
    operands: Operands,
    fields: dict[str, Field],
    tables: list[fixed_point.Raw],
) -> KernelCall:
    constants = [Constant(f"scaled_{i}", by_bits(table)) for i, table in enumerate(tables)]
    call = broadcast_call(layer, kernel, operands, fields, constants)
    return replace(call, header="i8_pairs.h", struct="i8_pairs", in_place=False)
