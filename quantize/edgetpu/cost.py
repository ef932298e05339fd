"""What a model would cost once compiled, counted operator by operator from the uncompiled file.

Parameter bytes follow the layout found in compiled files: each output channel has its bias and,
where weights have one scale a channel, that scale, then its weights with input channels padded to
4; output channels are padded to 16, above 64 to 64. Depthwise weights stand in groups of 4
channels, 16 bytes a tap. The rest is counted as the constants below say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quantize.tflite.macs import count_macs
from quantize.tflite.model import Layer, Subgraph, Tensor

CHIP_BYTES = 8 << 20
"""Memory of the chip for parameters and activations together."""
_BIAS_BYTES = 4
_SCALE_BYTES = 4
_ARRAY = 64
"""Output channels that the chip computes at once."""

# What a softmax keeps in tables, by its length; compiled files of lengths 10 and 1001.
_SOFTMAX_BYTES, _SOFTMAX_BYTES_PER_ELEMENT = 28_000, 20
# Instructions, set so that the five compiled files come out right within 35 %.
_PROGRAM_BYTES = 12_500
_LAYER_BYTES = 1_000
_OPERATOR_BYTES = 600
_LARGE_OPERATOR_BYTES = 1_400
_LARGE_OUTPUT = 50_000
_SOFTMAX_CODE, _SOFTMAX_CODE_PER_ELEMENT = 20_000, 90
_STEP_BYTES = 800
_VIEWS = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What a group of operators costs on the chip.

    Parameters
    ----------
    parameter_bytes
        Weights, biases, scales and tables, after padding.
    instruction_bytes
        The program, sent for each inference.
    input_bytes, output_bytes
        Activations that enter and leave the group.
    activation_bytes
        The sum of all outputs of its operators.
    peak_bytes
        The most that one operator reads and writes.
    padded_macs
        Multiply-accumulates of dense and pointwise work with channels padded to the array.
    """

    parameter_bytes: int
    instruction_bytes: int
    input_bytes: int
    output_bytes: int
    activation_bytes: int
    peak_bytes: int
    padded_macs: int

    @property
    def cache_bytes(self) -> int:
        """Memory that is left for parameters beside the activations."""
        return max(0, CHIP_BYTES - self.peak_bytes)

    @property
    def streamed_bytes(self) -> int:
        """Parameters that do not fit, and are sent for each inference."""
        return max(0, self.parameter_bytes - self.cache_bytes)

    @property
    def cached_bytes(self) -> int:
        """Parameters that stay on the chip."""
        return self.parameter_bytes - self.streamed_bytes


def count_cost(graph: Subgraph, layers: Sequence[Layer]) -> ModelCost:
    """Count what `layers` of a graph, a group that runs on the chip together, cost."""
    made = {tensor.index for layer in layers for tensor in layer.outputs}
    read = {tensor.index for layer in layers for tensor in layer.inputs}
    chosen = {layer.index for layer in layers}
    rest = [operator for operator in graph.operators if operator.index not in chosen]
    wanted = {index for operator in rest for index in operator.inputs} | set(graph.outputs)
    entering = [graph.tensors[i] for i in sorted(read - made)]
    entering = [t for t in entering if not t.is_constant and not t.is_variable]
    leaving = [graph.tensors[i] for i in sorted(made & wanted)]
    outputs = [tensor for layer in layers for tensor in layer.outputs]
    program = _PROGRAM_BYTES + _LAYER_BYTES * (len(entering) + len(leaving)) if layers else 0
    return ModelCost(
        parameter_bytes=sum(parameter_bytes(layer) for layer in layers),
        instruction_bytes=program + sum(instruction_bytes(layer) for layer in layers),
        input_bytes=_total(entering),
        output_bytes=_total(leaving),
        activation_bytes=_total(outputs),
        peak_bytes=max((_working_bytes(layer) for layer in layers), default=0),
        padded_macs=sum(padded_macs(layer) for layer in layers),
    )


def parameter_bytes(layer: Layer) -> int:
    """Return the bytes that an operator keeps on the chip."""
    match layer.name:
        case "CONV_2D" | "FULLY_CONNECTED" | "TRANSPOSE_CONV":
            return _matrix_bytes(_operand(layer, 1))
        case "DEPTHWISE_CONV_2D":
            weights = _operand(layer, 1)
            taps = math.prod(weights.shape[1:-1])
            group = 4 * _channel_bytes(weights) + 16 * taps
            return _multiples(weights.shape[-1], 4) * group
        case "UNIDIRECTIONAL_SEQUENCE_LSTM":
            return _lstm_bytes(layer)
        case "SOFTMAX":
            return _SOFTMAX_BYTES + _SOFTMAX_BYTES_PER_ELEMENT * _length(layer)
        case "PRELU":
            return _padded(_operand(layer, 1).elements, 4)
    # Shapes and axes have no scale; they shape the program and take no memory.
    used = layer.inputs
    return sum(_padded(t.elements, 4) for t in used if t.is_constant and t.quantisation)


def instruction_bytes(layer: Layer) -> int:
    """Return the bytes of program that an operator adds, roughly."""
    if layer.name in _VIEWS:
        return 0
    written = _total(layer.outputs)
    size = min(1.0, written / _LARGE_OUTPUT)
    total = _OPERATOR_BYTES + round(_LARGE_OPERATOR_BYTES * size)
    if layer.name == "SOFTMAX":
        total += _SOFTMAX_CODE + _SOFTMAX_CODE_PER_ELEMENT * _length(layer)
    if layer.name == "UNIDIRECTIONAL_SEQUENCE_LSTM":
        shape = _operand(layer, 0).shape
        total += _STEP_BYTES * math.prod(shape[:-1])
    return total


def padded_macs(layer: Layer) -> int:
    """Return multiply-accumulates with input channels padded to 4 and output channels to 64.

    Depthwise work is bound by memory, not by the array, and counts 0.
    """
    if layer.name not in {"CONV_2D", "FULLY_CONNECTED"}:
        return 0
    weights = _operand(layer, 1).shape
    used = weights[0] * weights[-1]
    macs = count_macs(layer) or 0
    return macs // used * _padded(weights[0], _ARRAY) * _padded(weights[-1], 4) if used else 0


def _matrix_bytes(weights: Tensor) -> int:
    outputs, *window, inputs = weights.shape
    taps = math.prod(window)
    rows = _padded(outputs, 16) if outputs <= _ARRAY else _padded(outputs, _ARRAY)
    return rows * (_channel_bytes(weights) + taps * _padded(inputs, 4))


def _lstm_bytes(layer: Layer) -> int:
    """Count four gates, each with input and recurrent weights side by side."""
    total = 0
    for gate in range(1, 5):
        given = (layer.input(place) for place in (gate, gate + 4))
        matrices = [tensor.shape for tensor in given if tensor is not None]
        if matrices:
            columns = sum(_padded(shape[-1], 4) for shape in matrices)
            total += _padded(matrices[0][0], 16) * (_BIAS_BYTES + columns)
    return total


def _channel_bytes(weights: Tensor) -> int:
    """Return what an output channel keeps beside its weights."""
    per_axis = weights.quantisation is not None and weights.quantisation.per_axis
    return _BIAS_BYTES + (_SCALE_BYTES if per_axis else 0)


def _working_bytes(layer: Layer) -> int:
    used = {tensor.index: tensor for tensor in (*layer.inputs, *layer.outputs)}
    return _total(tensor for tensor in used.values() if not tensor.is_constant)


def _operand(layer: Layer, place: int) -> Tensor:
    """Return an input that every layer of its kind has."""
    return layer.graph.tensors[layer.operator.inputs[place]]


def _length(layer: Layer) -> int:
    shape = _operand(layer, 0).shape
    return shape[-1] if shape else 1


def _total(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.byte_size or 0 for tensor in tensors)


def _multiples(count: int, unit: int) -> int:
    return -(-count // unit)


def _padded(count: int, unit: int) -> int:
    return _multiples(count, unit) * unit
