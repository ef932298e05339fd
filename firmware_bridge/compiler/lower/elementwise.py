"""ADD, SUB and MUL with broadcasting; with a constant of one element they are a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler import fixed_point
from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.lower.axes import dense_steps, merged
from firmware_bridge.compiler.lower.unary import lookup_call
from firmware_bridge.compiler.operands import (
    activation_range,
    check_dtype,
    flat,
    input_tensor,
    multiplier_of,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from quantize.tflite.model import Layer, Quantisation, Tensor
from quantize.tflite.options import ArithmeticOptions
from quantize.tflite.schema import DType

_COMMON_BITS = 20
"""Operands of a sum are taken to a common scale with so many more bits."""
_MOST_LEFT = 13
"""Products have 16 bits; so many more keep them in an int32 twice over."""
_MOST_RIGHT = 22
"""The kernels add the zero point before they shift, where it still fits."""
ALL = np.arange(-128, 128, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Operands:
    """Both operands in the kernel's order: the second is the one that is repeated or constant.

    Or the first is constant, where what is computed is repeated along the last axis.
    """

    first: Tensor
    second: Tensor
    swapped: bool
    lengths: tuple[int, ...]
    steps: tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Sum:
    """How a sum on the common scale becomes an output."""

    multiplier: int
    shift: int
    zero_point: int
    low: int
    high: int


def lower_add(layer: Layer) -> KernelCall:
    """Lower ADD or SUB.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or broadcasting takes more than four loops.
    """
    operands = _whole_first(broadcast_operands(layer))
    target = output_tensor(layer)
    scaled = _scaled_tables(layer)
    if operands.swapped:
        scaled = scaled[::-1]
    how = _sum(layer, target)
    second = operands.second.data
    if second is not None and second.size == 1:
        total = scaled[0] + scaled[1][int(second.reshape(-1)[0]) + 128]
        return _one_element(layer, operands, lambda: _outputs(total, how))
    same = bool(np.array_equal(*scaled))
    constants = [Constant("scaled_0", by_bits(2 * scaled[0]))]
    if not same:
        constants.append(Constant("scaled_1", by_bits(2 * scaled[1])))
    fields: dict[str, Field] = {
        "scaled_0": "scaled_0",
        "scaled_1": "scaled_0" if same else "scaled_1",
        "multiplier": how.multiplier,
        "shift": how.shift,
        "offset": _offset(how.shift, how.zero_point),
        "zero_point": how.zero_point,
        "low": how.low,
        "high": how.high,
    }
    return broadcast_call(layer, "i8_addition", operands, fields, constants)


def lower_mul(layer: Layer) -> KernelCall:
    """Lower MUL.

    Raises
    ------
    BadInput
        As `lower_add`.
    """
    operands = _whole_first(broadcast_operands(layer))
    target = output_tensor(layer)
    options = options_of(layer, ArithmeticOptions)
    low, high = activation_range(layer, options.activation, target)
    one = quantisation_of(layer, operands.first)
    other = quantisation_of(layer, operands.second)
    result = quantisation_of(layer, target)
    multiplier, shift = multiplier_of(layer, one.scale * other.scale / result.scale)
    if shift > _MOST_LEFT:
        refuse(layer, "its output's scale is too small beside its inputs'")
    second = operands.second.data
    if second is not None and second.size == 1:
        factor = int(second.reshape(-1)[0]) - other.zero_point
        products = (ALL - one.zero_point) * factor
        values = fixed_point.multiply(products, multiplier, shift) + result.zero_point
        table = np.clip(values, low, high).astype(np.int8)
        return _one_element(layer, operands, lambda: table)
    # A product of 16 bits is nothing after so many shifts, and the offset then fits.
    shift = max(shift, -_MOST_RIGHT)
    fields: dict[str, Field] = {
        "zero_point_0": one.zero_point,
        "zero_point_1": other.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "offset": _offset(shift, result.zero_point),
        "zero_point": result.zero_point,
        "low": low,
        "high": high,
    }
    return broadcast_call(layer, "i8_multiplication", operands, fields, [])


def broadcast_operands(layer: Layer, *, made: DType = DType.INT8) -> Operands:
    """Return both operands, of which one may be constant, and how they are walked.

    `made` is the output's type.

    Raises
    ------
    BadInput
        When types or shapes do not fit, or broadcasting takes more than four loops.
    """
    first, second = (input_tensor(layer, position) for position in (0, 1))
    target = output_tensor(layer, dtype=made)
    for position, tensor in enumerate((first, second)):
        check_dtype(layer, tensor, f"input {position}", DType.INT8)
    if first.is_constant and second.is_constant:
        refuse(layer, "both inputs are constants", hint="fold them when converting")
    shapes = f"{list(first.shape)} and {list(second.shape)} to {list(target.shape)}"
    try:
        fits = np.broadcast_shapes(first.shape, second.shape) == target.shape
    except ValueError:
        fits = False
    if not fits:
        refuse(layer, f"its shapes do not fit: {shapes}")
    walks = [broadcast_steps(tensor.shape, target.shape) for tensor in (first, second)]
    loops = merged(target.shape, *walks)
    if loops is None:
        refuse(layer, f"its broadcasting takes more than four loops: {shapes}")
    lengths, (steps_0, steps_1) = loops
    # The kernels repeat the second operand; only a computed first one can be overwritten.
    swapped = first.is_constant or (not second.is_constant and steps_0[3] == 0)
    if swapped:
        first, second, steps_0, steps_1 = second, first, steps_1, steps_0
    return Operands(first, second, swapped, lengths, (steps_0, steps_1))


def _whole_first(operands: Operands) -> Operands:
    """Return operands whose first is not repeated along the last axis, if need be a constant.

    As a layer normalisation has them: a factor for each row by one for each channel.
    """
    if operands.steps[0][3] != 0:
        return operands
    return Operands(
        operands.second,
        operands.first,
        not operands.swapped,
        operands.lengths,
        operands.steps[::-1],
    )


def broadcast_steps(shape: tuple[int, ...], target: tuple[int, ...]) -> tuple[int, ...]:
    """Return the bytes from element to element along the axes of `target`, 0 where repeated."""
    full = (1,) * (len(target) - len(shape)) + shape
    dense = dense_steps(full)
    return tuple(step if length != 1 else 0 for step, length in zip(dense, full, strict=True))


def _scaled_tables(layer: Layer) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each operand's values -128 to 127 on the common scale; SUB's second is negated."""
    quantisations = [quantisation_of(layer, input_tensor(layer, i)) for i in (0, 1)]
    twice = 2 * max(quantisation.scale for quantisation in quantisations)

    def table(quantisation: Quantisation) -> NDArray[np.int64]:
        multiplier, shift = multiplier_of(layer, quantisation.scale / twice)
        centred = (ALL - quantisation.zero_point) << _COMMON_BITS
        return fixed_point.multiply(centred, multiplier, shift)

    first, second = (table(quantisation) for quantisation in quantisations)
    return first, -second if layer.name == "SUB" else second


def _sum(layer: Layer, target: Tensor) -> _Sum:
    options = options_of(layer, ArithmeticOptions)
    low, high = activation_range(layer, options.activation, target)
    scales = [quantisation_of(layer, input_tensor(layer, i)).scale for i in (0, 1)]
    result = quantisation_of(layer, target)
    real = 2 * max(scales) / ((1 << _COMMON_BITS) * result.scale)
    multiplier, shift = multiplier_of(layer, real)
    # A multiplier of 0 comes with shift 0; any shift does for it.
    return _Sum(multiplier, min(shift, -1), result.zero_point, low, high)


def _offset(shift: int, zero_point: int) -> int:
    """Return what is added before a shift to the right: half of the last bit, and the zero point.

    0 where the kernels do not add it.
    """
    if not -_MOST_RIGHT <= shift < 0:
        return 0
    return (1 << (-shift - 1)) + (zero_point << -shift)


def _outputs(total: NDArray[np.int64], how: _Sum) -> NDArray[np.int8]:
    values = fixed_point.multiply(total, how.multiplier, how.shift) + how.zero_point
    return np.clip(values, how.low, how.high).astype(np.int8)


def _one_element(
    layer: Layer,
    operands: Operands,
    table: Callable[[], NDArray[np.int8]],
) -> KernelCall:
    position = layer.operator.inputs.index(operands.first.index)
    return lookup_call(layer, table, position=position)


def by_bits(values: NDArray[np.int64]) -> NDArray[np.int32]:
    """Order a table by its index's bits as uint8: 0 to 127, then -128 to -1."""
    return np.asarray(flat(np.roll(values, 128), np.int32))


def broadcast_call(
    layer: Layer,
    kernel: str,
    operands: Operands,
    fields: dict[str, Field],
    constants: list[Constant],
) -> KernelCall:
    """Return the call of a kernel of two operands, or of its twin of which one is constant."""
    function = kernel
    inputs: tuple[int, ...] = (operands.first.index, operands.second.index)
    if operands.second.data is not None:
        function, inputs, data = f"{kernel}_constant", inputs[:1], operands.second.data
    elif operands.first.data is not None:
        function, inputs, data = f"{kernel}_of_constant", inputs[1:], operands.first.data
    else:
        data = None
    if data is not None:
        constants = [*constants, Constant("constant", flat(data, np.int8))]
        fields = {**fields, "constant": "constant"}
    shape = {
        "lengths": operands.lengths,
        "steps_0": operands.steps[0],
        "steps_1": operands.steps[1],
    }
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=function,
        header=f"{kernel}.h",
        struct=kernel,
        fields={**shape, **fields},
        constants=tuple(constants),
        inputs=inputs,
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
        in_place=operands.first.data is None
        and 0 not in operands.steps[0][_first_long(operands.lengths) :],
    )


def _first_long(lengths: tuple[int, ...]) -> int:
    """Return the first axis that is longer than 1, the last one where none is."""
    return next((axis for axis, length in enumerate(lengths) if length != 1), len(lengths) - 1)
