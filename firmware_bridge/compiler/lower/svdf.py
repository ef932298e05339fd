"""SVDF of int8, with a state of int8 or int16."""

from __future__ import annotations

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
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.options import SvdfOptions
from quantize.tflite.schema import Activation, DType

_BIAS_TOLERANCE = 1e-5
"""How far TFLite-Micro lets a bias's scale be from the product that it must be."""


def lower_svdf(layer: Layer) -> KernelCall:
    """Lower SVDF; its state is a variable, which it moves by one step.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, there is no bias, or the activation is
        another than RELU (whose bound is the output's range).
    """
    options = options_of(layer, SvdfOptions)
    if options.activation not in {Activation.NONE, Activation.RELU}:
        refuse(layer, f"it has the fused activation {options.activation.name}")
    source, target = computed_input(layer), output_tensor(layer)
    weights = constant_weights(layer, 1, DType.INT8)
    state = _state(layer)
    time = constant_weights(layer, 2, state.dtype)
    _check_shapes(layer, options.rank, (source, weights, time, state, target))
    filters, inputs = weights.shape
    units, memory = filters // options.rank, time.shape[1]
    first = _multiplier(layer, (source, weights, state))
    second = _multiplier(layer, (state, time, target))
    if second[1] >= 0:
        refuse(layer, "its output's scale is too small beside its state's")
    filter_biases = folded_biases(layer, source, weights, np.zeros(filters, np.int64))
    check_sums(layer, weights, filter_biases, first[1])
    fields: dict[str, Field] = {
        "weights": "weights",
        "filter_biases": "filter_biases",
        "time_weights_8" if state.dtype is DType.INT8 else "time_weights_16": "time",
        "biases": "biases",
        "batches": source.shape[0],
        "inputs": inputs,
        "units": units,
        "rank": options.rank,
        "memory": memory,
        "filter_multiplier": first[0],
        "filter_shift": first[1],
        "state_zero_point": quantisation_of(layer, state).zero_point,
        "multiplier": second[0],
        "shift": second[1],
        "output_zero_point": quantisation_of(layer, target).zero_point,
    }
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function="i8_svdf_8" if state.dtype is DType.INT8 else "i8_svdf_16",
        header="i8_svdf.h",
        struct="i8_svdf",
        fields=fields,
        constants=(
            Constant("weights", flat(weights.data, np.int8)),
            Constant("filter_biases", flat(filter_biases, np.int32)),
            Constant("time", flat(time.data, state.dtype.numpy)),
            Constant("biases", _biases(layer, state, time, units)),
        ),
        inputs=(source.index, state.index),
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=source.shape[0] * filters * (inputs + memory),
        updates=(state.index,),
    )


def _state(layer: Layer) -> Tensor:
    given = layer.input(4)
    wide = given is not None and given.dtype is DType.INT16
    state = state_tensor(layer, 4, DType.INT16 if wide else DType.INT8)
    if wide and quantisation_of(layer, state).zero_point != 0:
        refuse(layer, "its int16 state has a zero point other than 0")
    return state


def _check_shapes(layer: Layer, rank: int, tensors: tuple[Tensor, ...]) -> None:
    source, weights, time, state, target = (tensor.shape for tensor in tensors)
    fits = all(len(shape) == 2 for shape in (source, weights, time, state, target))
    if fits:
        filters, memory = time
        fits = (
            1 <= rank <= filters
            and filters % rank == 0
            and min(*source, *weights, *time) >= 1
            and weights == (filters, source[1])
            and state == (source[0], filters * memory)
            and target == (source[0], filters // rank)
        )
    if not fits:
        shapes = [list(shape) for shape in (source, weights, time, state, target)]
        refuse(layer, f"its shapes do not fit with rank {rank}: {shapes}")


def _multiplier(layer: Layer, tensors: tuple[Tensor, Tensor, Tensor]) -> tuple[int, int]:
    """Return two scales' product over the third's."""
    one, other, result = (quantisation_of(layer, tensor).scale for tensor in tensors)
    return multiplier_of(layer, one * other / result)


def _biases(layer: Layer, state: Tensor, time: Tensor, units: int) -> NDArray[np.int32]:
    """Return the bias of each unit, less what the state's zero point adds; modulo 2^32."""
    bias = layer.input(3)
    if bias is None or bias.data is None or bias.dtype is not DType.INT32 or bias.shape != (units,):
        refuse(layer, f"its bias is not {units} constant int32")
    one, other = (quantisation_of(layer, tensor) for tensor in (state, time))
    found = quantisation_of(layer, bias).scale
    if abs(found - one.scale * other.scale) >= _BIAS_TOLERANCE:
        refuse(
            layer,
            f"the scale of its bias is {found:.7g}, where state x time weights is "
            f"{one.scale * other.scale:.7g}",
        )
    sums = np.asarray(time.data, np.int64).reshape(units, -1).sum(axis=1)
    folded = np.asarray(bias.data, np.int64) - one.zero_point * sums
    return np.asarray(flat(folded.astype(np.int32), np.int32))
