"""What may stay in float: functions of one int8 value, which the firmware makes tables of."""

from __future__ import annotations

import pytest

from firmware_bridge.compiler.float_islands import FUNCTIONS
from quantize.convert.float_tables import TABLE_OPERATORS, check_integer_or_tables
from quantize.foundation.errors import CheckFailed
from quantize.tflite import Model, read_model
from quantize.tflite.schema import DType
from tests.firmware_bridge.kernels.operator_models import ModelBuilder


def model(*kinds: str) -> Model:
    builder = ModelBuilder()
    x = builder.tensor((1, 4), scale=0.5)
    inner = [
        builder.tensor((1, 4), dtype=DType.FLOAT32, name=f"net/{i}") for i in range(len(kinds) + 1)
    ]
    y = builder.tensor((1, 4), scale=0.5)
    builder.operator("DEQUANTIZE", (x,), (inner[0],))
    for kind, given, made in zip(kinds, inner, inner[1:], strict=False):
        builder.operator(kind, (given,), (made,))
    builder.operator("QUANTIZE", (inner[-1],), (y,))
    return read_model(builder.build((x,), (y,)))


def test_the_firmware_makes_a_table_of_each() -> None:
    assert FUNCTIONS.keys() >= TABLE_OPERATORS


def test_functions_of_one_value_may_stay_and_are_named() -> None:
    named = check_integer_or_tables(model("NEG", "EXP"), {"net/2": "head.exp"})
    assert [label.partition(" (")[0] for label in named] == [
        "operator 1 NEG",
        "layer head.exp, operator 2 EXP",
    ]


def test_others_are_refused_by_their_layer() -> None:
    with pytest.raises(CheckFailed, match=r"layer head, operator 2 TANH .* would run in float"):
        check_integer_or_tables(model("NEG", "TANH"), {"net/2": "head"})
