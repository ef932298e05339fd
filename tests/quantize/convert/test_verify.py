"""What the checks after a conversion let through, on a model of an independent writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quantize.convert.verify import (
    check_fully_integer,
    check_input,
    check_output,
    float_layers,
    silent_layers,
)
from quantize.foundation.errors import CheckFailed
from quantize.tflite import Model, read_model

Build = Callable[..., bytes]
INPUT: dict[str, Any] = {"shape_nchw": (1, 2, 6, 5), "scale": 0.03125, "zero_point": 0}


def edited(build_model: Build, **changes: Any) -> Model:
    """The small model with some attributes of its tensors, by name, changed."""

    def edit(model: Any, schema: Any) -> None:
        for tensor in model.subgraphs[0].tensors:
            if tensor.name in changes:
                changes[tensor.name](tensor, schema)

    return read_model(build_model(edit))


def _to_float(tensor: Any, schema: Any) -> None:
    tensor.type = schema.TensorType.FLOAT32
    tensor.quantization = None


def test_an_integer_model_passes(build_model: Build) -> None:
    model = read_model(build_model())
    check_fully_integer(model, {})
    assert float_layers(model, {}) == ()
    assert check_input(model, **INPUT).name == "input"
    assert check_output(model).shape == (1, 3)


def test_a_float_layer_is_named_by_the_network_where_that_is_known(build_model: Build) -> None:
    model = edited(build_model, dw=_to_float)
    with pytest.raises(CheckFailed, match="DEPTHWISE_CONV_2D"):
        check_fully_integer(model, {})
    with pytest.raises(CheckFailed, match=r"layer blocks\.3\.depthwise"):
        check_fully_integer(model, {"dw": "blocks.3.depthwise"})
    assert len(float_layers(model, {})) == 2


def test_a_custom_operator_is_named_first(build_model: Build) -> None:
    def edit(model: Any, schema: Any) -> None:
        for tensor in model.subgraphs[0].tensors:
            if tensor.name == "conv":
                _to_float(tensor, schema)
        code = model.operatorCodes[2]
        code.builtinCode, code.customCode = schema.BuiltinOperator.CUSTOM, "FlexPool"
        code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        model.subgraphs[0].operators[2].builtinOptions = None
        model.subgraphs[0].operators[2].builtinOptionsType = 0

    with pytest.raises(CheckFailed, match="FlexPool"):
        check_fully_integer(read_model(build_model(edit)), {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"scale": 0.0312501}, "scale"),
        ({"zero_point": 1}, "zero point"),
        ({"shape_nchw": (1, 2, 5, 6)}, "shape"),
    ],
)
def test_an_input_that_is_not_exact_is_refused(
    build_model: Build, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CheckFailed, match=reason):
        check_input(read_model(build_model()), **(INPUT | change))


def test_a_float_input_or_output_is_refused(build_model: Build) -> None:
    with pytest.raises(CheckFailed, match="input is float32"):
        check_input(edited(build_model, input=_to_float), **INPUT)
    with pytest.raises(CheckFailed, match="logits is float32"):
        check_output(edited(build_model, logits=_to_float))


def test_a_layer_with_next_to_no_range_is_told(build_model: Build) -> None:
    def without_range(tensor: Any, schema: Any) -> None:
        tensor.quantization.scale = [1e-7]

    assert silent_layers(read_model(build_model()), {}) == ()
    told = silent_layers(edited(build_model, conv=without_range), {"conv": "gate.squeeze"})
    assert len(told) == 1
    assert "gate.squeeze" in told[0]
