"""Shapes that are computed in the graph, and known when compiling."""

from __future__ import annotations

import numpy as np
import pytest
from exactness import Exactness, few, random_inputs, seeds
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

INT32 = DType.INT32


def reshaped(shape: tuple[int, ...], *, said: int | None = None) -> bytes:
    """Flatten all but the first axis, as converters write it: the batch is taken from SHAPE."""
    builder = ModelBuilder()
    x = builder.tensor(shape, scale=0.5)
    y = builder.tensor(shape, scale=0.5)
    builder.operator("RELU", (x,), (y,))
    lengths = builder.tensor((len(shape) if said is None else said,), dtype=INT32, name="lengths")
    builder.operator("SHAPE", (y,), (lengths,), "Shape", outType=INT32.code)
    batch = builder.tensor((), dtype=INT32)
    bounds = (builder.integers(0), builder.integers(1), builder.integers(1))
    builder.operator(
        "STRIDED_SLICE", (lengths, *bounds), (batch,), "StridedSlice", shrinkAxisMask=1
    )
    rest = int(np.prod(shape[1:]))
    length = builder.tensor((), dtype=INT32, data=np.asarray(rest, dtype=np.int32))
    wanted = builder.tensor((2,), dtype=INT32)
    builder.operator("PACK", (batch, length), (wanted,), "Pack", valuesCount=2, axis=0)
    z = builder.tensor((shape[0], rest), scale=0.5)
    builder.operator("RESHAPE", (y, wanted), (z,), "Reshape")
    result = builder.tensor((shape[0], rest), scale=1 / 256, zero_point=-128)
    builder.operator("SOFTMAX", (z,), (result,), "Softmax", beta=1.0)
    return builder.build((x,), (result,))


@few
@given(shape=st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple), seed=seeds)
def test_a_shape_that_is_computed(exactness: Exactness, shape: tuple[int, ...], seed: int) -> None:
    compiled = exactness.check(reshaped(shape), random_inputs(seed, shape))
    assert [row.name for row in compiled.operators] == ["RELU", "RESHAPE", "SOFTMAX"]
    assert [row.index for row in compiled.operators] == [0, 4, 5]


def test_the_observer_counts_what_runs(exactness: Exactness) -> None:
    """Profiles have a place for each operator that runs, from 0 on."""
    compiled = compile_model(reshaped((1, 2, 3)), "m")
    assert "#define MODEL_OPERATORS 3" in compiled.header
    calls = [
        line.split(",")[2].strip() for line in compiled.source.splitlines() if "observe(o" in line
    ]
    assert calls[-3:] == ["0", "1", "2"]
    layers = exactness.build(compiled).layers(np.full((1, 1, 2, 3), 3, np.int8))
    assert [layer.shape[1:] for layer in layers] == [(1, 2, 3), (1, 6), (1, 6)]


def joined(builder: ModelBuilder, x: int) -> int:
    """The shape of x less its last axis, and a 2 and a half of that axis behind."""
    lengths = builder.tensor((2,), dtype=INT32)
    builder.operator("SHAPE", (x,), (lengths,), "Shape", outType=INT32.code)
    first = builder.tensor((1,), dtype=INT32)
    bounds = (builder.integers(0), builder.integers(-1), builder.integers(1))
    builder.operator("STRIDED_SLICE", (lengths, *bounds), (first,), "StridedSlice", beginMask=1)
    wanted = builder.tensor((3,), dtype=INT32)
    parts = (first, builder.integers(2, 4))
    builder.operator("CONCATENATION", parts, (wanted,), "Concatenation", axis=0)
    return wanted


def test_a_shape_that_is_joined(exactness: Exactness) -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 8), scale=0.5)
    y = builder.tensor((1, 2, 4), scale=0.5)
    builder.operator("RESHAPE", (x, joined(builder, x)), (y,), "Reshape")
    z = builder.tensor((1, 2, 4), scale=0.5)
    builder.operator("RELU", (y,), (z,))
    exactness.check(builder.build((x,), (z,)), random_inputs(3, (1, 8)))


def test_a_shape_that_is_put_out_is_refused() -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 8), scale=0.5)
    y = builder.tensor((2,), dtype=INT32, name="lengths")
    builder.operator("SHAPE", (x,), (y,), "Shape", outType=INT32.code)
    with pytest.raises(
        BadInput, match=r"0 SHAPE \(lengths\) cannot be compiled: its result is put"
    ):
        compile_model(builder.build((x,), (y,)), "m")


def test_a_result_of_another_size_than_its_tensor_is_refused() -> None:
    with pytest.raises(BadInput, match=r"1 SHAPE \(lengths\) .* it gives int32 \[3\], and its"):
        compile_model(reshaped((1, 2, 3), said=2), "m")
