"""What SVDF and LSTM have in common: state, weights by rows, and sums that must fit 32 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.fixed_point import INT32_MAX
from firmware_bridge.compiler.operands import (
    check_dtype,
    computed_input,
    input_tensor,
    quantisation_of,
    refuse,
)
from quantize.tflite.model import Layer, Tensor
from quantize.tflite.schema import DType

_LARGEST = INT32_MAX - 256
"""Zero points are added to what the sums become."""


def state_tensor(layer: Layer, position: int, dtype: DType) -> Tensor:
    """Return an input of `dtype` that the operator keeps from one inference to the next."""
    state = computed_input(layer, position, dtype)
    if not state.is_variable:
        refuse(layer, f"input {position} is no variable, where its state is kept")
    return state


def constant_weights(layer: Layer, position: int, dtype: DType) -> Tensor:
    """Return constant weights ``[rows, columns]`` with one scale and zero point 0."""
    weights = input_tensor(layer, position)
    check_dtype(layer, weights, f"input {position}", dtype)
    if weights.data is None:
        refuse(layer, f"input {position} is not constant")
    if quantisation_of(layer, weights).zero_point != 0:
        refuse(layer, f"input {position} has a zero point other than 0")
    if len(weights.shape) != 2:
        refuse(layer, f"input {position} has the shape {list(weights.shape)}")
    return weights


def folded_biases(
    layer: Layer,
    source: Tensor,
    weights: Tensor,
    biases: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the bias of each row, less what the input's zero point adds to its products."""
    zero_point = quantisation_of(layer, source).zero_point
    sums = np.asarray(weights.data, np.int64).sum(axis=1)
    return np.asarray(biases - zero_point * sums, np.int64)


def check_sums(
    layer: Layer,
    weights: Tensor,
    biases: NDArray[np.int64],
    shift: int,
) -> None:
    """Refuse sums of products with int8 that may leave 32 bits, also when shifted to the left."""
    most = np.abs(biases) + 128 * np.abs(np.asarray(weights.data, np.int64)).sum(axis=1)
    if int(most.max(initial=0)) << max(shift, 0) > _LARGEST:
        refuse(layer, f"the sums of {weights.named} may overflow 32 bits")
