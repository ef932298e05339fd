"""LOGISTIC, TANH, RELU and others that are functions of one value, all as one table lookup."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from firmware_bridge.compiler import unary_tables as tables
from firmware_bridge.compiler.kernel_call import Constant, KernelCall
from firmware_bridge.compiler.operands import (
    computed_input,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from quantize.tflite.model import Layer, Quantisation
from quantize.tflite.options import LeakyReluOptions
from quantize.tflite.schema import DType


def lower_unary(layer: Layer) -> KernelCall:
    """Lower a function of one int8 value.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or its scales cannot be computed with.
    """
    source, target = computed_input(layer), output_tensor(layer)
    one = quantisation_of(layer, source)
    other = quantisation_of(layer, target)
    _check_output(layer, other)

    def table() -> tables.Table:
        match layer.name:
            case "LOGISTIC":
                return tables.logistic_table(one)
            case "TANH":
                return tables.tanh_table(one)
            case "RELU":
                return tables.relu_table(one, other)
            case "RELU6":
                return tables.relu6_table(one)
            case "ELU":
                return tables.elu_table(one, other)
            case "ABS":
                return tables.abs_table(one, other)
            case "RSQRT":
                return tables.rsqrt_table(one, other)
            case "HARD_SWISH":
                return tables.hard_swish_table(one, other)
            case _:
                alpha = options_of(layer, LeakyReluOptions).alpha
                if not math.isfinite(alpha):
                    refuse(layer, f"its alpha is {alpha}")
                return tables.leaky_relu_table(one, other, alpha)

    return lookup_call(layer, table)


def lookup_call(
    layer: Layer,
    table: Callable[[], tables.Table],
    *,
    position: int = 0,
    source: int | None = None,
    types: tuple[DType, DType] = (DType.INT8, DType.INT8),
) -> KernelCall:
    """Return the lookup of an input in a table, int8 ``[256]`` from -128 to 127.

    The input is the one at `position`, or tensor `source`.

    `types` are those of input and output, of 8 bits; uint8 values stand for int8 of their bits, in
    the table and in its order.

    Raises
    ------
    BadInput
        When shapes differ, or no table can be computed.
    """
    read = layer if source is None else layer.with_inputs(source)
    given = computed_input(read, position, types[0])
    target = output_tensor(layer, dtype=types[1])
    if given.elements != target.elements:
        refuse(layer, f"it makes {list(target.shape)} of {list(given.shape)}")
    try:
        values = table()
    except ValueError as error:
        refuse(layer, f"it has {error}")
    # The kernel takes the input's bits as unsigned: first 0 to 127, then -128 to -1.
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_lookup",
        header="i8_lookup.h",
        struct="i8_lookup",
        fields={"table": "table", "elements": given.elements},
        constants=(Constant("table", np.roll(values, 128)),),
        inputs=(given.index,),
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
        in_place=True,
    )


def _check_output(layer: Layer, target: Quantisation) -> None:
    """Refuse LOGISTIC and TANH whose output is not what TFLite-Micro takes it to be."""
    wanted = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}.get(layer.name)
    if wanted is not None and (target.scale, target.zero_point) != wanted:
        scale, zero_point = wanted
        refuse(
            layer,
            f"its output has scale {target.scale:g} and zero point {target.zero_point}, "
            f"where {scale:g} and {zero_point} are right",
        )
