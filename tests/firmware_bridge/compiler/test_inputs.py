"""Models with several inputs: each found by its number, every output exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from exactness import Exactness, check_writes, few, random_inputs, seeds
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder
from test_graphs import KINDS, SCALE, SHAPE, add

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.runtimes import Runtime, run_outputs, sample_shape


@st.composite
def graphs(draw: st.DrawFn) -> tuple[bytes, int]:
    """Draw a model of several inputs and outputs; not every input need be used."""
    builder = ModelBuilder()
    inputs = tuple(builder.tensor(SHAPE, scale=SCALE) for _ in range(draw(st.integers(2, 4))))
    known = list(inputs)
    for _ in range(draw(st.integers(2, 7))):
        kind = draw(st.sampled_from(KINDS))
        first, second = (known[draw(st.integers(0, len(known) - 1))] for _ in range(2))
        known.append(add(builder, kind, first, second))
    made = known[len(inputs) :]
    outputs = draw(st.lists(st.sampled_from(made), min_size=1, max_size=3, unique=True))
    return builder.build(draw(st.permutations(inputs)), tuple(outputs)), len(inputs)


@few
@given(drawn=graphs(), seed=seeds)
def test_every_input_finds_its_place(
    exactness: Exactness, drawn: tuple[bytes, int], seed: int
) -> None:
    model, count = drawn
    inputs = [random_inputs(seed + place, SHAPE) for place in range(count)]
    compiled = compile_model(model, "drawn")
    host = exactness.build(compiled)
    shaped = [values.reshape(-1, *sample_shape(compiled.input)) for values in inputs]
    oracle = run_outputs(model, shaped, runtime=Runtime.TFLITE_MICRO)
    for ours, theirs in zip(host.all_outputs(inputs), oracle, strict=True):
        np.testing.assert_array_equal(ours.reshape(theirs.shape), theirs)
    check_writes(compiled, host.arenas(inputs))


def difference() -> bytes:
    """The first input of the file, which is the smaller, less the mean of the second."""
    builder = ModelBuilder()
    large = builder.tensor(SHAPE, scale=SCALE, zero_point=3)
    small = builder.tensor((1, 1, 1, 4), scale=2 * SCALE)
    mean = builder.tensor((1, 1, 1, 4), scale=SCALE)
    axes = builder.integers(1, 2)
    builder.operator("MEAN", (large, axes), (mean,), "Reducer", keepDims=True, version=2)
    y = builder.tensor((1, 1, 1, 4), scale=2 * SCALE)
    builder.operator("SUB", (small, mean), (y,), "Sub")
    return builder.build((small, large), (y,))


def test_inputs_keep_the_files_order(exactness: Exactness) -> None:
    compiled = compile_model(difference(), "two")
    assert compiled.input_bytes == (4, 48)
    small = np.full((1, 1, 1, 1, 4), 9, np.int8)
    large = np.full((1, *SHAPE), 7, np.int8)
    found = exactness.build(compiled).outputs([small, large])
    assert found.reshape(-1).tolist() == [7, 7, 7, 7]  # 9 - (7 - 3) / 2


def test_the_header_says_what_each_input_is() -> None:
    compiled = compile_model(difference(), "two", prefix="kws01")
    lines = compiled.header.splitlines()
    for line in (
        "#define KWS01_INPUT_BYTES 4",
        "#define KWS01_INPUTS 2",
        "#define KWS01_ALL_INPUT_BYTES 52",
        "void *kws01_input_at(void *arena, uint32_t input_number);",
    ):
        assert line in lines
    assert "    {4u, 4u, 0, 0.125f, 0, 0}," in compiled.source.splitlines()
    assert "    {48u, 48u, 0, 0.0625f, 3, 0}," in compiled.source.splitlines()
    assert any("Input 1: " in line and "[1, 4, 3, 4]" in line for line in lines)


def test_several_inputs_and_outputs_share_one_struct(exactness: Exactness) -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor(SHAPE, scale=SCALE) for _ in range(2))
    outputs = (add(builder, "ADD", x, y), add(builder, "SUB", x, y))
    compiled = compile_model(builder.build((x, y), outputs), "both")
    assert compiled.header.count("struct model_values {") == 1
    inputs = [random_inputs(place, SHAPE) for place in range(2)]
    total, less = exactness.build(compiled).all_outputs(inputs)
    wide = [values.astype(np.int32) for values in inputs]
    np.testing.assert_array_equal(total, np.clip(wide[0] + wide[1], -128, 127))
    np.testing.assert_array_equal(less, np.clip(wide[0] - wide[1], -128, 127))


def test_a_model_of_one_input_has_none_of_it() -> None:
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    compiled = compile_model(builder.build((x,), (add(builder, "RELU", x, x),)), "one")
    assert "INPUTS" not in compiled.header
    assert "input_at" not in compiled.header + compiled.source


def test_too_many_inputs_are_refused() -> None:
    builder = ModelBuilder()
    inputs = tuple(builder.tensor(SHAPE, scale=SCALE) for _ in range(17))
    with pytest.raises(BadInput, match="has 17 inputs, firmware is written for 1 to 16"):
        compile_model(builder.build(inputs, (add(builder, "RELU", inputs[0], 0),)), "m")


def test_inputs_that_do_not_fit_are_refused(exactness: Exactness) -> None:
    host = exactness.build(compile_model(difference(), "two"))
    small, large = np.zeros((2, 4), np.int8), np.zeros((2, 48), np.int8)
    with pytest.raises(BadInput, match="two has 2 inputs, and 1 are given"):
        host.outputs(small)
    with pytest.raises(BadInput, match="two has 2 inputs, and 2 are given, of 2, 1 samples"):
        host.outputs([small, large[:1]])
    with pytest.raises(BadInput, match=r"inputs are int8 \[2, 48\], where two takes int8 \[1, 1"):
        host.outputs([large, small])


def test_a_converters_model_of_two_inputs(exactness: Exactness, shared: Path) -> None:
    model = (shared / "cases" / "models" / "R_two_inputs.tflite").read_bytes()
    compiled = compile_model(model, "two")
    inputs = [random_inputs(place, sample_shape(t)) for place, t in enumerate(compiled.inputs)]
    found = exactness.build(compiled).outputs(inputs)
    (oracle,) = run_outputs(model, inputs, runtime=Runtime.TFLITE_MICRO)
    np.testing.assert_array_equal(found.reshape(oracle.shape), oracle)
    swapped = exactness.build(compiled).outputs(inputs[::-1])
    assert (swapped != found).any()
