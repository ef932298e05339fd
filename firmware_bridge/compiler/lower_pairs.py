"""MINIMUM, MAXIMUM, PRELU and SQUARED_DIFFERENCE with broadcasting."""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.compiler import fixed_point
from firmware_bridge.compiler.lower_elementwise import (
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
from firmware_bridge.compiler.records import Constant, Field, KernelCall
from quantize.tflite.model import Operator, Quantisation, Subgraph

_MOST_LEFT_OF_VALUES = 22
"""Values less a zero point have 9 bits, products of two of them 18; so many more fit an int32."""
_MOST_LEFT_OF_PRODUCTS = 13
_DIFFERENCE_BITS = 7


def lower_extremum(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower MINIMUM or MAXIMUM of tensors with one quantisation.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit.
    """
    operands = broadcast_operands(operator, graph)
    target = output_tensor(operator, graph)
    for operand in (operands.first, operands.second):
        same_quantisation(operator, graph, operand, target, "it picks one of two values")
    return _call(operator, f"i8_{operator.name.lower()}", operands, {}, [])


def lower_prelu(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower PRELU: below zero the slope is the second operand.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or the first operand is broadcast.
    """
    operands = broadcast_operands(operator, graph)
    if operands.swapped:
        refuse(operator, graph, "its input is constant or broadcast")
    one = quantisation_of(operator, graph, operands.first)
    other = quantisation_of(operator, graph, operands.second)
    result = quantisation_of(operator, graph, output_tensor(operator, graph))
    above = multiplier_of(operator, graph, one.scale / result.scale)
    below = multiplier_of(operator, graph, one.scale * other.scale / result.scale)
    if above[1] > _MOST_LEFT_OF_VALUES or below[1] > _MOST_LEFT_OF_PRODUCTS:
        refuse(operator, graph, "its output's scale is too small beside its inputs'")
    fields: dict[str, Field] = {
        "zero_point_0": one.zero_point,
        "zero_point_1": other.zero_point,
        "multiplier_0": above[0],
        "shift_0": above[1],
        "multiplier": below[0],
        "shift": below[1],
        "zero_point": result.zero_point,
    }
    return _call(operator, "i8_prelu", operands, fields, [])


def lower_squared_difference(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower SQUARED_DIFFERENCE.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit.
    """
    operands = broadcast_operands(operator, graph)
    pair = [
        quantisation_of(operator, graph, operand) for operand in (operands.first, operands.second)
    ]
    result = quantisation_of(operator, graph, output_tensor(operator, graph))
    twice = 2 * max(quantisation.scale for quantisation in pair)
    real = twice * twice / ((1 << 2 * _DIFFERENCE_BITS) * result.scale)
    multiplier, shift = multiplier_of(operator, graph, real)
    if shift > 0:
        refuse(operator, graph, "its output's scale is too small beside its inputs'")
    tables = [_scaled(operator, graph, quantisation, twice) for quantisation in pair]
    fields: dict[str, Field] = {
        "scaled_0": "scaled_0",
        "scaled_1": "scaled_1",
        "multiplier": multiplier,
        "shift": shift,
        "zero_point": result.zero_point,
    }
    return _call(operator, "i8_squared_difference", operands, fields, tables)


def _scaled(
    operator: Operator, graph: Subgraph, quantisation: Quantisation, twice: float
) -> fixed_point.Raw:
    """Return an operand's values on the common scale, from -128 to 127."""
    multiplier, shift = multiplier_of(operator, graph, quantisation.scale / twice)
    centred = (ALL - quantisation.zero_point) << _DIFFERENCE_BITS
    return fixed_point.multiply(centred, multiplier, shift)


def _call(
    operator: Operator,
    kernel: str,
    operands: Operands,
    fields: dict[str, Field],
    tables: list[fixed_point.Raw],
) -> KernelCall:
    constants = [Constant(f"scaled_{i}", by_bits(table)) for i, table in enumerate(tables)]
    call = broadcast_call(operator, kernel, operands, fields, constants)
    return replace(call, header="i8_pairs.h", struct="i8_pairs", in_place=False)
