"""UNIDIRECTIONAL_SEQUENCE_LSTM of int8, with a cell state of int16, as Keras's LSTM becomes one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.lower.recurrent import (
    check_sums,
    constant_weights,
    folded_biases,
    state_tensor,
)
from firmware_bridge.compiler.operands import (
    computed_input,
    flat,
    multiplier_of,
    options_of,
    output_tensor,
    quantisation_of,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import LstmOptions
from quantize.tflite.schema import Activation, DType

_INPUTS = 24
_GATES = (("forget", 2), ("input", 1), ("cell", 3), ("output", 4))
"""In the kernel's order, with the place of each one's input weights; others follow in steps."""
_RECURRENT, _BIASES = 4, 11
"""From the place of a gate's input weights to its recurrent ones, and to its bias."""
_LEFT_OUT = {
    "peepholes": (9, 10, 11),
    "a projection": (16, 17),
    "layer normalisation": (20, 21, 22, 23),
}
_GATE_BITS = 12
"""Fraction bits of what a gate's function is taken of."""
_GATE_SCALE = 2.0**-15
_MOST_LEFT, _MOST_RIGHT = 10, 10
"""How far the cell state's fraction bits may be from `_GATE_BITS`."""


def lower_lstm(layer: Layer) -> KernelCall:
    """Lower UNIDIRECTIONAL_SEQUENCE_LSTM; hidden and cell state are variables.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, the activation is not TANH, or it has
        peepholes, a projection, layer normalisation or no input gate, which TFLite-Micro has not.
    """
    options = options_of(layer, LstmOptions)
    if options.activation is not Activation.TANH:
        refuse(layer, f"its activation is {options.activation.name}, not TANH")
    if not (math.isfinite(options.cell_clip) and options.cell_clip >= 0):
        refuse(layer, f"its cell_clip is {options.cell_clip:g}")
    _check_kind(layer)
    source, target = computed_input(layer), output_tensor(layer)
    hidden = state_tensor(layer, 18, DType.INT8)
    cell = state_tensor(layer, 19, DType.INT16)
    same_quantisation(layer, hidden, target, "its output is its hidden state")
    sizes = _sizes(layer, (source, target, hidden, cell), time_major=options.time_major)
    batches, steps, inputs, cells = sizes
    from_input = _gates(layer, source, 0, (cells, inputs))
    from_hidden = _gates(layer, hidden, _RECURRENT, (cells, cells))
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_lstm",
        header="i8_lstm.h",
        struct="i8_lstm",
        fields={
            "input_weights": "input_weights",
            "recurrent_weights": "recurrent_weights",
            "input_biases": "input_biases",
            "recurrent_biases": "recurrent_biases",
            "sigmoid": "sigmoid",
            "batches": batches,
            "steps": steps,
            "inputs": inputs,
            "cells": cells,
            "batch_stride": 1 if options.time_major else steps,
            "step_stride": batches if options.time_major else 1,
            "input_multipliers": from_input.multipliers,
            "input_shifts": from_input.shifts,
            "recurrent_multipliers": from_hidden.multipliers,
            "recurrent_shifts": from_hidden.shifts,
            **_cell_fields(layer, cell, options.cell_clip),
            **_products(layer, hidden, cell),
        },
        constants=(
            Constant("input_weights", from_input.weights),
            Constant("recurrent_weights", from_hidden.weights),
            Constant("input_biases", from_input.biases),
            Constant("recurrent_biases", from_hidden.biases),
            Constant("sigmoid", sigmoid_table()),
        ),
        inputs=(source.index, hidden.index, cell.index),
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=batches * steps * 4 * cells * (inputs + cells),
        updates=(hidden.index, cell.index),
    )


def sigmoid_table() -> NDArray[np.uint16]:
    """Return TFLite-Micro's table, uint16 ``[256]``: 2^16 times sigmoid(i / 24).

    Each value lies above the curve by as much as interpolation is below it in the middle between
    two, halved: the error of both is then the same. The last one stands for all beyond.
    """
    x = np.arange(256) / 24
    value = 1 / (1 + np.exp(-x))
    bend = value * (1 - value) * (2 * value - 1) / 24**2
    table = np.floor(65536 * (value + bend / 16) + 0.5)
    table[-1] = 65535
    return table.astype(np.uint16)


class _Gates:
    """The four gates' sums of one input: arrays for the kernel, and how they are rescaled."""

    def __init__(
        self,
        weights: list[NDArray[np.int8]],
        biases: list[NDArray[np.int64]],
        pairs: list[tuple[int, int]],
    ) -> None:
        self.weights = flat(np.stack(weights), np.int8)
        self.biases = flat(np.stack(biases), np.int32)
        self.multipliers = tuple(multiplier for multiplier, _ in pairs)
        self.shifts = tuple(shift for _, shift in pairs)


def _gates(layer: Layer, source: Tensor, step: int, shape: tuple[int, int]) -> _Gates:
    """Return the gates' sums of the input (`step` 0, with biases) or of the hidden state."""
    scale = np.float32(quantisation_of(layer, source).scale)
    found, biases, pairs = [], [], []
    for _, place in _GATES:
        weights = constant_weights(layer, place + step, DType.INT8)
        if weights.shape != shape:
            refuse(layer, f"{weights.named} is {list(weights.shape)}, not {list(shape)}")
        bias = np.zeros(shape[0], np.int64)
        if step == 0:
            bias = _bias(layer, place + _BIASES, shape[0])
        bias = folded_biases(layer, source, weights, bias)
        # The two scales are multiplied in single precision, as in a dense layer without a bias.
        other = np.float32(quantisation_of(layer, weights).scale)
        pair = multiplier_of(layer, float(scale * other) * (1 << _GATE_BITS))
        check_sums(layer, weights, bias, pair[1])
        found.append(np.asarray(weights.data, np.int8))
        biases.append(bias)
        pairs.append(pair)
    return _Gates(found, biases, pairs)


def _bias(layer: Layer, position: int, cells: int) -> NDArray[np.int64]:
    bias = layer.input(position)
    if bias is None or bias.data is None or bias.dtype is not DType.INT32 or bias.shape != (cells,):
        refuse(layer, f"input {position} is not {cells} constant int32")
    return np.asarray(bias.data, np.int64)


def _check_kind(layer: Layer) -> None:
    if len(layer.operator.inputs) != _INPUTS:
        refuse(layer, f"it has {len(layer.operator.inputs)} inputs, not {_INPUTS}")
    for what, places in _LEFT_OUT.items():
        if any(layer.operator.inputs[place] >= 0 for place in places):
            refuse(layer, f"it has {what}, which TFLite-Micro's kernel has not")
    if any(layer.operator.inputs[place] < 0 for place in (1, 5, 12)):
        refuse(layer, "it has no input gate, which TFLite-Micro's kernel takes")


def _sizes(
    layer: Layer,
    tensors: tuple[Tensor, Tensor, Tensor, Tensor],
    *,
    time_major: bool,
) -> tuple[int, int, int, int]:
    """Return batches, steps, inputs and cells."""
    source, target, hidden, cell = (tensor.shape for tensor in tensors)
    shapes = [list(shape) for shape in (source, hidden, cell, target)]
    if len(source) != 3 or len(hidden) != 2 or min(*source, *hidden) < 1:
        refuse(layer, f"its shapes do not fit: {shapes}")
    first, second, inputs = source
    batches, steps = (second, first) if time_major else (first, second)
    cells = hidden[1]
    if target != (first, second, cells) or hidden != (batches, cells) or cell != hidden:
        refuse(layer, f"its shapes do not fit: {shapes}")
    return batches, steps, inputs, cells


def _products(layer: Layer, hidden: Tensor, cell: Tensor) -> dict[str, Field]:
    """Return how products of gates, with 15 fraction bits, become cell and hidden state."""
    cell_scale = quantisation_of(layer, cell).scale
    kept = quantisation_of(layer, hidden)
    fields: dict[str, Field] = {"hidden_zero_point": kept.zero_point}
    for name, real in (
        ("forget", _GATE_SCALE * cell_scale / cell_scale),
        ("update", _GATE_SCALE * _GATE_SCALE / cell_scale),
        ("hidden", _GATE_SCALE * _GATE_SCALE / kept.scale),
    ):
        multiplier, shift = multiplier_of(layer, real)
        if shift >= 0:
            refuse(layer, "the scale of its states is out of reach")
        fields |= {f"{name}_multiplier": multiplier, f"{name}_shift": shift}
    return fields


def _cell_fields(layer: Layer, cell: Tensor, cell_clip: float) -> dict[str, Field]:
    quantisation = quantisation_of(layer, cell)
    mantissa, exponent = math.frexp(quantisation.scale)
    left = exponent - 1 + _GATE_BITS
    if mantissa != 0.5 or quantisation.zero_point != 0 or not -_MOST_RIGHT <= left <= _MOST_LEFT:
        refuse(
            layer,
            f"its cell state has scale {quantisation.scale:g} and zero point "
            f"{quantisation.zero_point}, where a power of two near 2^-{_GATE_BITS} and 0 are right",
        )
    clip = int(min(cell_clip / quantisation.scale, 32767.0))
    if cell_clip > 0 and clip == 0:
        refuse(layer, f"its cell_clip, {cell_clip:g}, is less than a step")
    return {"cell_clip": clip, "tanh_left": max(left, 0), "tanh_right": max(-left, 0)}
