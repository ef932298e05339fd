"""The records of a model say of themselves what every reader of them asks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from quantize.tflite.model import Layer, Operator, OperatorCode, Quantisation, Subgraph, Tensor
from quantize.tflite.options import SoftmaxOptions
from quantize.tflite.schema import DType


def tensor(index: int = 0, name: str = "x", dtype: DType = DType.INT8, scales: int = 1) -> Tensor:
    values = np.full(scales, 0.5, np.float32)
    quantisation = Quantisation(values, np.zeros(scales, np.int64), 0) if scales else None
    return Tensor(index, name, (4,), (), dtype, quantisation, False, 0, None)


@pytest.mark.parametrize(
    ("name", "short", "quoted", "named"),
    [
        ("probs", "probs", "'probs'", "tensor 'probs'"),
        ("conv;relu;pool", "conv", "'conv'", "tensor 'conv'"),
        ("", "", "tensor 7", "tensor 7"),
        (";relu", "", "tensor 7", "tensor 7"),
        ("a\x1b[31mb", r"a\x1b[31mb", r"'a\x1b[31mb'", r"tensor 'a\x1b[31mb'"),
    ],
)
def test_what_a_tensor_is_called(name: str, short: str, quoted: str, named: str) -> None:
    found = tensor(7, name)
    assert (found.short_name, found.quoted, found.named) == (short, quoted, named)


@pytest.mark.parametrize(
    ("dtype", "scales", "scale"),
    [
        (DType.INT8, 1, 0.5),
        (DType.UINT8, 1, 0.5),
        (DType.INT16, 1, None),
        (DType.INT8, 4, None),
        (DType.INT8, 0, None),
    ],
)
def test_the_scale_of_a_whole_tensor(dtype: DType, scales: int, scale: float | None) -> None:
    found = tensor(dtype=dtype, scales=scales)
    assert found.eight_bit_scale == scale
    assert (found.whole is not None) == (scales == 1)
    assert found.whole is None or found.whole is found.quantisation


def test_scales_without_zero_points_are_not_for_the_whole_tensor() -> None:
    bare = Quantisation(np.ones(1, np.float32), np.zeros(0, np.int64), 0)
    assert dataclasses.replace(tensor(), quantisation=bare).whole is None


def test_a_layers_tensors() -> None:
    code = OperatorCode(0, "ADD", False, 2)
    operator = Operator(3, code, (0, -1, 2), (1,), (), None, np.zeros(0, np.uint8))
    tensors = tuple(tensor(index) for index in range(3))
    graph = Subgraph(0, "", tensors, (0, 2), (1,), (operator,))
    (layer,) = graph.layers
    assert layer == Layer(graph, operator)
    assert [layer.input(place) for place in range(4)] == [tensors[0], None, tensors[2], None]
    assert layer.inputs == (tensors[0], tensors[2])
    assert layer.outputs == (tensors[1],)
    assert layer.output is tensors[1]
    assert Layer(graph, dataclasses.replace(operator, outputs=())).output is None


def test_what_a_layer_says_of_its_operator() -> None:
    code = OperatorCode(32, "Flex\x1bOp", True, 2)
    options = SoftmaxOptions(1.0)
    operator = Operator(3, code, (0,), (1,), (), options, np.zeros(0, np.uint8))
    tensors = (tensor(0), tensor(1, "probs;x"))
    graph = Subgraph(1, "", tensors, (0,), (1,), (operator,), siblings=2)
    layer = Layer(graph, operator)
    assert (layer.name, layer.index, layer.version) == ("Flex\x1bOp", 3, 2)
    assert layer.is_custom
    assert layer.options is options
    assert layer.label == r"subgraph 1, operator 3 Flex\x1bOp (probs)"
    nameless = dataclasses.replace(graph, tensors=(tensor(0), tensor(1, "")), siblings=1)
    assert Layer(nameless, operator).label == r"operator 3 Flex\x1bOp"
