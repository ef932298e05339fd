"""SOFTMAX and LOG_SOFTMAX over the last axis, with exponentials from a table."""

from __future__ import annotations

import math

import numpy as np

from firmware_bridge.compiler.fixed_point import (
    exp_of_negative,
    input_radius,
    multiply,
    quantise_multiplier,
)
from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.operands import (
    computed_input,
    flat,
    multiplier_of,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from quantize.tflite.demands import fixed_output_problem
from quantize.tflite.model import Layer
from quantize.tflite.options import SoftmaxOptions
from quantize.tflite.schema import DType

_INTEGER_BITS = 5
"""Differences to the largest input are held with so many integer bits; e^-32 is nothing in int8."""
_MOST_CLASSES = 4096
"""The sum of exponentials is held with 12 integer bits, of 32 without a sign."""
_MOST_CLASSES_OF_LOG = 4095
"""The logarithm takes the sum with its sign."""
_SCALE_TOLERANCE = 1e-3
"""How far TFLite-Micro lets the scale of an int16 output be off, relative."""


def lower_softmax(layer: Layer) -> KernelCall:
    """Lower SOFTMAX; its output has scale 1/256 and zero point -128, or those of int16.

    Raises
    ------
    BadInput
        When types or quantisation do not fit.
    """
    options = options_of(layer, SoftmaxOptions)
    target = layer.outputs[0]
    if target.dtype is not DType.INT16:
        return _call(layer, "i8_softmax", options.beta, {})
    quantisation = quantisation_of(layer, target)
    wrong = abs(quantisation.scale * 65536 - 1) > _SCALE_TOLERANCE
    if wrong or quantisation.zero_point != -32768:
        refuse(
            layer,
            f"its int16 output has scale {quantisation.scale:g} and zero point "
            f"{quantisation.zero_point}, where 1/65536 and -32768 are right",
        )
    return _call(layer, "i8_softmax_16", options.beta, {}, dtype=DType.INT16)


def lower_log_softmax(layer: Layer) -> KernelCall:
    """Lower LOG_SOFTMAX; its output has scale 1/16 and zero point 127.

    Raises
    ------
    BadInput
        When types or quantisation do not fit.
    """
    source, target = computed_input(layer), output_tensor(layer)
    quantisation_of(layer, target)
    if problem := fixed_output_problem(layer.name, target):
        refuse(layer, problem)
    real = _rescaled(quantisation_of(layer, source).scale, 1.0)
    multiplier, shift = multiplier_of(layer, real)
    reverse = math.ldexp(1 / multiplier, 31 - shift) if multiplier else 1.0
    if real <= 1.0 or reverse >= 1.0:
        refuse(layer, "its input's scale is too small to compute with")
    back, back_shift = multiplier_of(layer, reverse)
    fields: dict[str, Field] = {
        "multiplier": multiplier,
        "shift": shift,
        "reverse_multiplier": back,
        "reverse_shift": back_shift,
        "least_difference": -input_radius(_INTEGER_BITS, shift),
    }
    return _call(layer, "i8_log_softmax", 1.0, fields)


def _call(
    layer: Layer,
    kernel: str,
    beta: float,
    fields: dict[str, Field],
    *,
    dtype: DType = DType.INT8,
) -> KernelCall:
    source = computed_input(layer)
    target = output_tensor(layer, dtype=dtype)
    scale = quantisation_of(layer, source).scale
    if source.shape != target.shape or not source.shape:
        refuse(layer, f"it makes {list(target.shape)} of {list(source.shape)}")
    try:
        table = exponentials(scale, beta)
    except ValueError as error:
        refuse(layer, f"its scale and beta give {error}")
    depth = source.shape[-1]
    struct = kernel.removesuffix("_16")
    most = _MOST_CLASSES if struct == "i8_softmax" else _MOST_CLASSES_OF_LOG
    if depth > most:
        refuse(layer, f"it has {depth} classes, where {most} are the most")
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=kernel,
        header=f"{struct}.h",
        struct=struct,
        fields={
            "rows": source.elements // depth,
            "depth": depth,
            "exponentials": "exponentials",
            **fields,
        },
        constants=(Constant("exponentials", table),),
        inputs=layer.operator.inputs[:1],
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
        in_place=dtype is DType.INT8,
    )


def _rescaled(scale: float, beta: float) -> float:
    """Return what takes a difference of inputs to `_INTEGER_BITS` integer bits."""
    return min(beta * scale * (1 << (31 - _INTEGER_BITS)), float((1 << 31) - 1))


def exponentials(scale: float, beta: float) -> np.typing.NDArray[np.int32]:
    """Return int32 ``exp(-beta * scale * d) * 2**31`` for d = 0 to 255, 0 where it vanishes.

    Raises
    ------
    ValueError
        When steps of the input are so large that they cannot be rescaled.
    """
    multiplier, shift = quantise_multiplier(_rescaled(scale, beta))
    differences = -np.arange(256, dtype=np.int64)
    table = exp_of_negative(multiply(differences, multiplier, shift), _INTEGER_BITS)
    counted = differences >= -input_radius(_INTEGER_BITS, shift)
    return np.asarray(flat(np.where(counted, table, 0), np.int32))
