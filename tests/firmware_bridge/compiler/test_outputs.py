"""Models with several outputs: every one exact, in the order of the .tflite."""

from __future__ import annotations

import numpy as np
import pytest
from exactness import Exactness, check_writes, few, random_inputs, seeds
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder, micro_outputs
from test_graphs import KINDS, SCALE, SHAPE, add

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.runtimes import Runtime, run_outputs


@st.composite
def graphs(draw: st.DrawFn) -> tuple[bytes, int]:
    """Draw a model whose outputs are any of its tensors, also those that others go on from."""
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    known = [x]
    for _ in range(draw(st.integers(2, 6))):
        kind = draw(st.sampled_from(KINDS))
        first, second = (known[draw(st.integers(0, len(known) - 1))] for _ in range(2))
        known.append(add(builder, kind, first, second))
    chosen = draw(st.lists(st.sampled_from(known[1:]), min_size=2, max_size=4, unique=True))
    return builder.build((x,), tuple(chosen)), len(chosen)


@few
@given(drawn=graphs(), seed=seeds)
def test_every_output_is_exact(exactness: Exactness, drawn: tuple[bytes, int], seed: int) -> None:
    model, count = drawn
    inputs = random_inputs(seed, SHAPE)
    compiled = compile_model(model, "drawn")
    host = exactness.build(compiled)
    found = host.all_outputs(inputs)
    assert len(found) == count
    for number, values in enumerate(found):
        wanted = micro_outputs(model, inputs, output=number)
        np.testing.assert_array_equal(values, wanted, strict=True)
    np.testing.assert_array_equal(host.outputs(inputs), found[0])
    check_writes(compiled, host.arenas(inputs))


def two_headed() -> bytes:
    """Two outputs of unlike sizes and scales; the first in the file is computed last."""
    builder = ModelBuilder()
    x = builder.tensor((1, 8), scale=0.5, zero_point=3)
    data = np.random.default_rng(5).integers(-127, 128, (9, 8), dtype=np.int8)
    outputs = []
    for rows, scale, zero_point in ((slice(0, 3), 0.25, 7), (slice(3, 9), 0.7, -5)):
        w = builder.tensor(data[rows].shape, scale=0.01, data=data[rows])
        y = builder.tensor((1, len(data[rows])), scale=scale, zero_point=zero_point)
        builder.operator("FULLY_CONNECTED", (x, w), (y,), "FullyConnected")
        outputs.append(y)
    return builder.build((x,), tuple(outputs[::-1]))


def test_outputs_keep_the_files_order(exactness: Exactness) -> None:
    model, inputs = two_headed(), random_inputs(1, (1, 8))
    compiled = compile_model(model, "two")
    assert compiled.output_bytes == (6, 3)
    first, second = exactness.build(compiled).all_outputs(inputs)
    assert (first.shape, second.shape) == ((8, 1, 6), (8, 1, 3))
    oracle = run_outputs(model, inputs.reshape(8, 8), runtime=Runtime.TFLITE_MICRO)
    np.testing.assert_array_equal(first[:, 0], oracle[0])
    np.testing.assert_array_equal(second[:, 0], oracle[1])
    np.testing.assert_array_equal(second, micro_outputs(model, inputs, output=1))


def test_the_header_says_what_each_output_is() -> None:
    compiled = compile_model(two_headed(), "two", prefix="kws01")
    for line in (
        "#define KWS01_OUTPUT_BYTES 6",
        "#define KWS01_OUTPUTS 2",
        "#define KWS01_ALL_OUTPUT_BYTES 9",
        "const void *kws01_output_at(const void *arena, uint32_t output_number);",
    ):
        assert line in compiled.header.splitlines()
    assert "    {6u, 6u, 0, 0.699999988f, -5, 0}," in compiled.source.splitlines()
    assert "    {3u, 3u, 0, 0.25f, 7, 0}," in compiled.source.splitlines()


def test_a_model_of_one_output_has_none_of_it() -> None:
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    compiled = compile_model(builder.build((x,), (add(builder, "RELU", x, x),)), "one")
    assert "OUTPUTS" not in compiled.header
    assert "output_at" not in compiled.header + compiled.source


def test_an_output_that_nothing_computes_is_refused() -> None:
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    model = builder.build((x,), (add(builder, "RELU", x, x), x))
    with pytest.raises(BadInput, match="no operator of m computes its output"):
        compile_model(model, "m")


def test_too_many_outputs_are_refused() -> None:
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    made = tuple(add(builder, "RELU", x, x) for _ in range(17))
    with pytest.raises(BadInput, match="has 17 outputs, firmware is written for 1 to 16"):
        compile_model(builder.build((x,), made), "m")
