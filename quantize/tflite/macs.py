"""How many multiply-accumulates an operator needs: counted from shapes, batch included."""

from __future__ import annotations

import math

from quantize.tflite.model import Layer
from quantize.tflite.options import BatchMatMulOptions

_UNCOUNTED = frozenset(
    {
        "BIDIRECTIONAL_SEQUENCE_LSTM",
        "BIDIRECTIONAL_SEQUENCE_RNN",
        "CALL",
        "CONV_3D",
        "CONV_3D_TRANSPOSE",
        "IF",
        "LSTM",
        "RNN",
        "STABLEHLO_CONVOLUTION",
        "STABLEHLO_DOT_GENERAL",
        "SVDF",
        "UNIDIRECTIONAL_SEQUENCE_RNN",
        "WHILE",
    }
)
"""Builtin operators that multiply and accumulate in a way that is not counted here."""
_LSTM_MATRICES = slice(1, 9)
"""Inputs of UNIDIRECTIONAL_SEQUENCE_LSTM: input and recurrent weights of its four gates."""


def count_macs(layer: Layer) -> int | None:
    """Return the multiply-accumulates of one run of `operator`, ``None`` where not known.

    Counted are convolutions, fully connected layers, matrix products and LSTM gates, by the usual
    convention: one for each weight used for each output element, padding included, bias and
    activation not. All other known operators count 0: pooling and MEAN only add, and elementwise
    products are not counted by the peers that figures are compared with.
    """
    if layer.is_custom or layer.name in _UNCOUNTED:
        return None
    tensors = layer.graph.tensors
    shapes = [tensors[index].shape if index >= 0 else () for index in layer.operator.inputs]
    out = layer.outputs[0].elements if layer.outputs else 0
    macs = 0
    match layer.name:
        case "CONV_2D":
            macs = out * math.prod(shapes[1][1:])
        case "DEPTHWISE_CONV_2D":
            macs = out * shapes[1][1] * shapes[1][2]
        case "FULLY_CONNECTED":
            macs = out * shapes[1][1]
        case "TRANSPOSE_CONV":
            macs = math.prod(shapes[2]) * math.prod(shapes[1][:3])
        case "BATCH_MATMUL":
            options = layer.options
            adjoint = isinstance(options, BatchMatMulOptions) and options.adjoint_x
            macs = out * shapes[0][-2 if adjoint else -1]
        case "UNIDIRECTIONAL_SEQUENCE_LSTM":
            # Each weight is used once a time step and batch element: all but the last axis.
            matrices = sum(math.prod(shape) for shape in shapes[_LSTM_MATRICES] if shape)
            macs = math.prod(shapes[0][:-1]) * matrices
    return macs
