from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quantize.foundation.errors import BadInput
from quantize.tflite import read_model
from quantize.tflite.verify import MAX_RANK, shape_problem

Build = Callable[..., bytes]
Edit = Callable[[Any, Any], None]


def tensor(index: int, **fields: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].tensors[index], name, value)

    return edit


def scales(index: int, **fields: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].tensors[index].quantization, name, value)

    return edit


def operator(index: int, **fields: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].operators[index], name, value)

    return edit


def options(index: int, **fields: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].operators[index].builtinOptions, name, value)

    return edit


def graph(**fields: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0], name, value)

    return edit


def whole(**fields: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        for name, value in fields.items():
            setattr(model, name, value)

    return edit


def swap(model: Any, schema: Any) -> None:
    operators = model.subgraphs[0].operators
    operators[0], operators[1] = operators[1], operators[0]


def metadata(model: Any, schema: Any) -> None:
    entry = schema.MetadataT()
    entry.name, entry.buffer = "notes", 500
    model.metadata = [entry]


def two_outputs(model: Any, schema: Any) -> None:
    spare = schema.TensorT()
    spare.name, spare.shape, spare.type = "spare", [1, 3], schema.TensorType.INT8
    model.subgraphs[0].tensors.append(spare)
    model.subgraphs[0].operators[4].outputs = [12, 13]


def no_output(model: Any, schema: Any) -> None:
    model.subgraphs[0].operators[4].outputs = []
    model.subgraphs[0].outputs = [9]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (whole(version=2), "schema version 2"),
        (whole(subgraphs=[]), "no subgraph"),
        (graph(inputs=[99]), "input tensor 99 of 13"),
        (graph(inputs=[-1]), "input tensor -1 of 13"),
        (graph(outputs=[13]), "output tensor 13 of 13"),
        (graph(inputs=[0, 0]), "an input twice"),
        (operator(0, inputs=[0, 1, 50]), "uses tensor 50 of 13"),
        (operator(0, inputs=[0, 1, -2]), "uses tensor -2 of 13"),
        (operator(0, outputs=[-1]), "uses tensor -1 of 13"),
        (operator(4, inputs=[9, 10, 11], outputs=[9]), "writes tensor 9, which is not its own"),
        (operator(0, outputs=[1]), "writes tensor 1, which is not its own"),
        (operator(0, outputs=[0]), "writes tensor 0, which is not its own"),
        (swap, "operator 0 DEPTHWISE_CONV_2D .dw. reads tensor 3 before it is computed"),
        (graph(inputs=[]), "reads tensor 0 before it is computed"),
        (graph(operators=[]), "output tensor 12 is never computed"),
        (tensor(0, shape=[1, 6, 5, -2]), "negative length"),
        (tensor(0, shape=[1 << 20, 1 << 20]), "more than"),
        (tensor(0, shape=[1] * 9), "9 axes"),
        (tensor(0, shape=[1, 0, 5, 2]), "has no elements"),
        (tensor(1, isVariable=True), "a variable and a constant"),
        (scales(0, scale=[0.0]), "a scale is 0, so all of its values would be 0"),
        (scales(0, scale=[-0.5]), "not a positive number"),
        (scales(0, scale=[float("nan")]), "a scale is not a number"),
        (scales(0, scale=[float("inf")]), "a scale is infinite"),
        (scales(0, zeroPoint=[0, 0]), "1 scales and 2 zero points"),
        (scales(0, zeroPoint=[128]), "a zero point outside -128 to 127"),
        (scales(1, quantizedDimension=4), "quantised along axis 4 of 4"),
        (scales(1, quantizedDimension=-1), "quantised along axis -1 of 4"),
        (scales(1, quantizedDimension=3), "4 scales along an axis of length 2"),
        (options(0, strideH=0), "a stride, dilation or window below 1"),
        (options(1, dilationWFactor=-3), "a stride, dilation or window below 1"),
        (options(2, filterHeight=0), "a stride, dilation or window below 1"),
        (operator(0, inputs=[0]), "has 1 inputs, where 2 to 3"),
        (operator(0, inputs=[0, -1]), "has 2 inputs, where 2 to 3"),
        (operator(0, inputs=[]), "has 0 inputs"),
        (two_outputs, "operator 4 FULLY_CONNECTED .logits. has 2 outputs"),
        (no_output, "operator 4 FULLY_CONNECTED has 0 outputs"),
        (operator(0, outputs=[]), "reads tensor 3 before it is computed"),
        (tensor(3, shape=[1, 6, 5, 3]), "shapes that do not fit"),
        (tensor(3, shape=[6, 5, 4]), "shapes that do not fit"),
        (tensor(6, shape=[1, 3, 12]), "shapes that do not fit"),
        (tensor(12, shape=[1, 4]), "shapes that do not fit"),
        (tensor(7, shape=[4]), "shapes that do not fit"),
        (tensor(10, shape=[12]), "shapes that do not fit"),
    ],
)
def test_each_rule_is_enforced(build_model: Build, edit: Edit, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        read_model(build_model(edit), name="net.tflite")
    assert caught.value.message.startswith("net.tflite ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "edit",
    [
        operator(0, inputs=[0, 1, -1]),
        operator(0, inputs=[0, 1]),
        tensor(0, shapeSignature=[-1, 6, 5, 2]),
        scales(0, scale=None, zeroPoint=None),
        graph(outputs=[12, 3]),
    ],
)
def test_what_is_allowed_is_let_through(build_model: Build, edit: Edit) -> None:
    assert len(read_model(build_model(edit)).main.operators) == 5


def test_unused_tensors_may_be_empty(build_model: Build) -> None:
    def edit(model: Any, schema: Any) -> None:
        spare = schema.TensorT()
        spare.name, spare.shape, spare.type = "spare", np.array([0], np.int32), 0
        model.subgraphs[0].tensors.append(spare)
        model.subgraphs[0].operators[0].intermediates = [13]

    model = read_model(build_model(edit))
    assert model.main.operators[0].intermediates == (13,)
    assert model.main.tensors[13].elements == 0


def test_shapes_are_bounded() -> None:
    assert shape_problem(()) == ""
    assert shape_problem((1, 0, 3)) == ""
    assert shape_problem((1,) * MAX_RANK) == ""
    assert "axes" in shape_problem((1,) * (MAX_RANK + 1))
    assert "elements" in shape_problem((1 << 16, 1 << 16))
    assert "negative" in shape_problem((-1,))


def test_names_in_messages_cannot_steer_a_terminal(build_model: Build) -> None:
    def edit(model: Any, schema: Any) -> None:
        tensor(3, name="evil\x1b[2J\r\nname;fused " + "y" * 500, shape=[1, 6, 5, 3])(model, schema)

    with pytest.raises(BadInput, match="shapes that do not fit") as caught:
        read_model(build_model(edit))
    assert caught.value.message.isprintable()
    assert "CONV_2D (evil\\x1b[2J\\x0d\\x0aname)" in caught.value.message
    with pytest.raises(BadInput, match="negative") as caught:
        read_model(build_model(tensor(3, name="z\n" * 500, shape=[-1])))
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300
