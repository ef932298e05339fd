"""Functions of one value: all 256 inputs, whatever the scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from exactness import CaseBuilder, Exactness, Quantised, few, quantisations, seeds, several
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.unary_tables import _multiplier_16
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

Pair = tuple[Quantised, Quantised]
pairs = several(st.tuples(quantisations, quantisations))


def check_all_values(
    exactness: Exactness, name: str, cases: Sequence[Pair], options: str = "", **fields: Any
) -> None:
    """Run every input value through each case: source and target quantisation."""
    builder = CaseBuilder()
    for source, target in cases:
        x, y = builder.operand((1, 256), source), builder.output((1, 256), target)
        builder.operator(name, (x,), (y,), options, **fields)
    values = np.tile(np.arange(-128, 128, dtype=np.int8), len(cases))
    exactness.check(builder.finish(), values.reshape(1, 1, -1))


@few
@given(sources=several(quantisations))
def test_logistic(exactness: Exactness, sources: list[Quantised]) -> None:
    pairs = [(source, Quantised(1 / 256, -128)) for source in sources]
    check_all_values(exactness, "LOGISTIC", pairs)


@few
@given(sources=several(quantisations))
def test_tanh(exactness: Exactness, sources: list[Quantised]) -> None:
    check_all_values(exactness, "TANH", [(source, Quantised(1 / 128, 0)) for source in sources])


@few
@given(cases=pairs)
def test_relu(exactness: Exactness, cases: list[Pair]) -> None:
    check_all_values(exactness, "RELU", cases)


@few
@given(cases=pairs)
def test_relu6_clamps_in_the_input_s_quantisation(exactness: Exactness, cases: list[Pair]) -> None:
    (source, _), *rest = cases
    check_all_values(exactness, "RELU6", [(source, source), *rest])


@few
@given(cases=pairs, alpha=st.floats(-1, 2, width=32))
def test_leaky_relu(exactness: Exactness, cases: list[Pair], alpha: float) -> None:
    check_all_values(exactness, "LEAKY_RELU", cases, "LeakyRelu", alpha=alpha)


@few
@given(cases=several(st.tuples(quantisations, st.floats(-5, 7), st.integers(-128, 127))))
def test_hard_swish(exactness: Exactness, cases: list[tuple[Quantised, float, int]]) -> None:
    pairs = [
        (source, Quantised(float(np.float32(source.scale * 2.0**ratio)), zero_point))
        for source, ratio, zero_point in cases
    ]
    check_all_values(exactness, "HARD_SWISH", pairs, "HardSwish")


@few
@given(cases=pairs)
def test_elu(exactness: Exactness, cases: list[Pair]) -> None:
    check_all_values(exactness, "ELU", cases)


@few
@given(cases=pairs)
def test_abs(exactness: Exactness, cases: list[Pair]) -> None:
    (source, _), *rest = cases
    check_all_values(exactness, "ABS", [(source, source), *rest], "Abs")


@few
@given(cases=several(st.tuples(quantisations, st.floats(-5, 3), st.integers(-128, 127))))
def test_rsqrt(exactness: Exactness, cases: list[tuple[Quantised, float, int]]) -> None:
    pairs = [
        (
            Quantised(source.scale, -128),
            Quantised(float(np.float32(2.0**ratio / 100 / source.scale**0.5)), zero_point),
        )
        for source, ratio, zero_point in cases
    ]
    check_all_values(exactness, "RSQRT", pairs)


def test_rsqrt_of_what_may_be_negative_is_refused() -> None:
    with pytest.raises(BadInput, match=r"0 RSQRT \(made\) .* inputs below zero"):
        compile_model(unary("RSQRT", Quantised(0.1, 0), Quantised(0.1, 0)), "m")


@few
@given(cases=pairs)
def test_quantize_from_int8(exactness: Exactness, cases: list[Pair]) -> None:
    check_all_values(exactness, "QUANTIZE", cases, "Quantize")


def test_hard_swish_divides_scales_in_double_precision(exactness: Exactness) -> None:
    """Quotients that are on two sides of a 16-bit multiplier's border as floats and as doubles."""
    random = np.random.default_rng(0)
    borders: list[Pair] = []
    while len(borders) < 8:
        source = np.float32(np.exp(random.uniform(-5, 1)))
        target = np.float32(source * 2 ** random.uniform(-4, 6))
        precise = float(source) / 128 / float(target)
        if _multiplier_16(float(np.float32(precise))) != _multiplier_16(precise):
            borders.append((Quantised(float(source), 0), Quantised(float(target), 0)))
    check_all_values(exactness, "HARD_SWISH", borders, "HardSwish")


def unary(name: str, source: Quantised, target: Quantised, options: str = "") -> bytes:
    builder = ModelBuilder()
    x = builder.tensor((1, 256), scale=source.scale, zero_point=source.zero_point)
    y = builder.tensor((1, 256), scale=target.scale, zero_point=target.zero_point, name="made")
    builder.operator(name, (x,), (y,), options)
    return builder.build((x,), (y,))


def test_hard_swish_with_scales_too_far_apart_is_refused() -> None:
    model = unary("HARD_SWISH", Quantised(1.0, 0), Quantised(1 / 256, 0), "HardSwish")
    with pytest.raises(BadInput, match=r"operator 0 HARD_SWISH \(made\) .* too far apart"):
        compile_model(model, "m")


def test_logistic_with_another_output_scale_is_refused() -> None:
    model = unary("LOGISTIC", Quantised(0.1, 0), Quantised(1 / 128, -128))
    with pytest.raises(BadInput, match=r"0 LOGISTIC \(made\) .* 0\.00390625 and -128 are right"):
        compile_model(model, "m")


def border(target: Quantised) -> bytes:
    builder = ModelBuilder()
    x = builder.tensor((1, 300), dtype=DType.FLOAT32)
    inside = builder.tensor((1, 300), scale=target.scale, zero_point=target.zero_point)
    y = builder.tensor((1, 300), dtype=DType.FLOAT32)
    builder.operator("QUANTIZE", (x,), (inside,), "Quantize")
    builder.operator("DEQUANTIZE", (inside,), (y,), "Dequantize")
    return builder.build((x,), (y,))


@few
@given(target=quantisations, seed=seeds)
def test_float_input_and_output(exactness: Exactness, target: Quantised, seed: int) -> None:
    random = np.random.default_rng(seed)
    inputs = random.normal(0, 200 * target.scale, (4, 1, 300)).astype(np.float32)
    # Halves between two integers, and what is far beyond all of them. Beyond int32 the oracle's
    # conversion is not defined.
    inputs[0, 0, :256] = (np.arange(-128, 128) + np.float32(0.5)) * np.float32(target.scale)
    inputs[1, 0, :3] = np.float32(target.scale) * np.asarray((2e9, -2e9, -0.0), np.float32)
    exactness.check(border(target), inputs)


def test_floats_beyond_all_integers_saturate(exactness: Exactness) -> None:
    model = compile_model(border(Quantised(0.5, 3)), "m")
    inputs = np.zeros((1, 1, 300), np.float32)
    inputs[0, 0, :4] = (3e38, -3e38, np.inf, -np.inf)
    inputs[0, 0, 4] = np.nan
    outputs = exactness.build(model).outputs(inputs)[0, 0, :6]
    assert outputs.tolist() == [62.0, -65.5, 62.0, -65.5, -65.5, 0.0]
