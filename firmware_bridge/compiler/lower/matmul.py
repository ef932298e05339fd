"""BATCH_MATMUL onto i8_batch_matmul."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_bridge.compiler.fixed_point import INT32_MAX
from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.operands import (
    check_dtype,
    check_output_shape,
    flat,
    input_tensor,
    multiplier_of,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Layer
from quantize.tflite.options import BatchMatMulOptions
from quantize.tflite.schema import DType

_BATCH_AXES = 3
_LARGEST_PRODUCT = 255 * 255
"""Of two int8 less their zero points."""


def lower_batch_matmul(layer: Layer) -> KernelCall:
    """Lower BATCH_MATMUL; one of the operands may be constant.

    Raises
    ------
    BadInput
        When types or shapes do not fit, both operands are constants, or sums may overflow.
    """
    options = options_of(layer, BatchMatMulOptions)
    first, second = (input_tensor(layer, position) for position in (0, 1))
    for position, operand in enumerate((first, second)):
        check_dtype(layer, operand, f"input {position}", DType.INT8)
    if first.is_constant and second.is_constant:
        refuse(layer, "both inputs are constants", hint="fold them when converting")
    target = output_tensor(layer)
    one = _matrices(layer, first.shape, transposed=options.adjoint_x)
    # A column of the second operand is what a row is of its transposed form.
    other = _matrices(layer, second.shape, transposed=not options.adjoint_y)
    if one.depth != other.depth:
        refuse(layer, f"it multiplies {list(first.shape)} by {list(second.shape)}")
    batches = _batches(layer, one.batches, other.batches)
    rank = max(len(first.shape), len(second.shape))
    shape = (*batches[_BATCH_AXES - (rank - 2) :], one.rows, other.rows)
    check_output_shape(layer, target, shape)
    fields: dict[str, Field] = {
        "batches": batches,
        "steps_0": one.steps(batches),
        "steps_1": other.steps(batches),
        "rows": one.rows,
        "depth": one.depth,
        "columns": other.rows,
        "row_step": one.step,
        "row_inner": one.inner,
        "column_step": other.step,
        "column_inner": other.inner,
        **_scales(layer, one.depth),
    }
    function, inputs = "i8_batch_matmul", layer.operator.inputs
    constants: tuple[Constant, ...] = ()
    data = second.data
    if data is not None:
        function, inputs = "i8_batch_matmul_constant", inputs[:1]
    elif first.data is not None:
        function, inputs, data = "i8_batch_matmul_of_constant", inputs[1:], first.data
    if data is not None:
        constants = (Constant("constant", flat(data, np.int8)),)
        fields["constant"] = "constant"
    copies = (one.inner != 1) + (other.inner != 1)
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=function,
        header="i8_batch_matmul.h",
        struct="i8_batch_matmul",
        fields=fields,
        constants=constants,
        inputs=inputs,
        outputs=layer.operator.outputs,
        scratch_bytes=4 * one.rows + copies * one.depth,
        macs=count_macs(layer) or 0,
    )


@dataclass(frozen=True, slots=True)
class _Matrices:
    """An operand as rows that are multiplied: bytes from row to row, and along a row."""

    batches: tuple[int, ...]
    rows: int
    depth: int
    step: int
    inner: int

    def steps(self, batches: tuple[int, ...]) -> tuple[int, ...]:
        """Return the bytes from batch to batch along each axis, 0 where it is repeated."""
        steps, size = [], self.rows * self.depth
        for length, of_all in zip(reversed(self.batches), reversed(batches), strict=True):
            steps.append(size if length == of_all else 0)
            size *= length
        return tuple(reversed(steps))


def _matrices(layer: Layer, shape: tuple[int, ...], *, transposed: bool) -> _Matrices:
    if not 2 <= len(shape) <= 2 + _BATCH_AXES:
        refuse(layer, f"an operand is {list(shape)}, not of 2 to 5 axes")
    batches = (1,) * (2 + _BATCH_AXES - len(shape)) + shape[:-2]
    high, wide = shape[-2:]
    return (
        _Matrices(batches, wide, high, 1, wide)
        if transposed
        else _Matrices(batches, high, wide, wide, 1)
    )


def _batches(layer: Layer, one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    if any(a != b and 1 not in (a, b) for a, b in zip(one, other, strict=True)):
        refuse(layer, f"its batches are {list(one)} and {list(other)}")
    return tuple(max(pair) for pair in zip(one, other, strict=True))


def _scales(layer: Layer, depth: int) -> dict[str, Field]:
    one, other, target = (
        quantisation_of(layer, tensor)
        for tensor in (input_tensor(layer, 0), input_tensor(layer, 1), output_tensor(layer))
    )
    # In double precision, where FULLY_CONNECTED without a bias has single.
    real = one.scale * other.scale / target.scale
    multiplier, shift = multiplier_of(layer, real)
    if (depth * _LARGEST_PRODUCT) << max(shift, 0) > INT32_MAX:
        refuse(layer, f"sums of {depth} products may overflow 32 bits")
    return {
        "zero_point_0": one.zero_point,
        "zero_point_1": other.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "zero_point": target.zero_point,
    }
