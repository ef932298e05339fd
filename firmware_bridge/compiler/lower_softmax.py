"""SOFTMAX over the last axis, with exponentials from a table."""

from __future__ import annotations

import numpy as np

from firmware_bridge.compiler.fixed_point import (
    exp_of_negative,
    input_radius,
    multiply,
    quantise_multiplier,
)
from firmware_bridge.compiler.operands import (
    computed_input,
    flat,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from firmware_bridge.compiler.records import Constant, KernelCall
from quantize.tflite.model import Operator, Subgraph
from quantize.tflite.options import SoftmaxOptions

_INTEGER_BITS = 5
"""Differences to the largest input are held with so many integer bits; e^-32 is nothing in int8."""
_MOST_CLASSES = 4095
"""The sum of exponentials is held with 12 integer bits."""


def lower_softmax(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower SOFTMAX; its output has scale 1/256 and zero point -128.

    Raises
    ------
    BadInput
        When types or quantisation do not fit.
    """
    source, target = computed_input(operator, graph), output_tensor(operator, graph)
    options = options_of(operator, graph, SoftmaxOptions)
    scale = quantisation_of(operator, graph, source).scale
    if source.shape != target.shape or not source.shape:
        refuse(operator, graph, f"it makes {list(target.shape)} of {list(source.shape)}")
    try:
        table = exponentials(scale, options.beta)
    except ValueError as error:
        refuse(operator, graph, f"its scale and beta give {error}")
    depth = source.shape[-1]
    if depth > _MOST_CLASSES:
        refuse(operator, graph, f"it has {depth} classes, where {_MOST_CLASSES} are the most")
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function="i8_softmax",
        header="i8_softmax.h",
        struct="i8_softmax",
        fields={
            "rows": source.elements // depth,
            "depth": depth,
            "exponentials": "exponentials",
        },
        constants=(Constant("exponentials", table),),
        inputs=operator.inputs[:1],
        outputs=operator.outputs,
        scratch_bytes=0,
        macs=0,
        in_place=True,
    )


def exponentials(scale: float, beta: float) -> np.typing.NDArray[np.int32]:
    """Return int32 ``exp(-beta * scale * d) * 2**31`` for d = 0 to 255, 0 where it vanishes.

    Raises
    ------
    ValueError
        When steps of the input are so large that they cannot be rescaled.
    """
    real = min(beta * scale * (1 << (31 - _INTEGER_BITS)), float((1 << 31) - 1))
    multiplier, shift = quantise_multiplier(real)
    differences = -np.arange(256, dtype=np.int64)
    table = exp_of_negative(multiply(differences, multiplier, shift), _INTEGER_BITS)
    counted = differences >= -input_radius(_INTEGER_BITS, shift)
    return np.asarray(flat(np.where(counted, table, 0), np.int32))
