"""Weights of four bits: unpacked when compiling, with the bytes that TFLite-Micro gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from exactness import CaseBuilder, Exactness, Quantised, few, quantisations, seeds, several
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from operator_models import ModelBuilder, packed_int4

from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.weighted import unpacked_int4
from quantize.foundation.errors import BadInput
from quantize.tflite import read_model
from quantize.tflite.schema import DType

KINDS = {
    "CONV_2D": ("Conv2D", 0), "DEPTHWISE_CONV_2D": ("DepthwiseConv2D", 3),
    "FULLY_CONNECTED": ("FullyConnected", 0),
}  # fmt: skip
"""The stem of the options' class, and the weights' axis of output channels."""


@dataclass(frozen=True)
class Layer:
    kind: str
    image: tuple[int, int, int]
    filter: tuple[int, int]
    outputs: int
    source: Quantised
    zero_point: int
    per_channel: bool
    biased: bool
    seed: int


layers = st.builds(
    Layer,
    kind=st.sampled_from(sorted(KINDS)),
    image=st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 9)),
    filter=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    outputs=st.integers(1, 9),
    source=quantisations,
    zero_point=st.integers(-128, 127),
    per_channel=st.booleans(),
    biased=st.booleans(),
    seed=seeds,
)


def add(builder: CaseBuilder, case: Layer) -> None:
    height, width, depth = case.image
    outputs = depth if case.kind == "DEPTHWISE_CONV_2D" else case.outputs
    shape, made = (outputs, *case.filter, depth), (1, height, width, outputs)
    image: tuple[int, ...] = (1, *case.image)
    fields: dict[str, int] = {"strideH": 1, "strideW": 1, "padding": 0}
    if case.kind == "DEPTHWISE_CONV_2D":
        shape, fields["depthMultiplier"] = (1, *case.filter, depth), 1
    elif case.kind == "FULLY_CONNECTED":
        image, shape, made, fields = (height, depth), (outputs, depth), (height, outputs), {}
    rng = np.random.default_rng(case.seed)
    stem, axis = KINDS[case.kind]
    several_scales = case.per_channel and case.kind != "FULLY_CONNECTED"
    scales = rng.uniform(0.5, 2, outputs if several_scales else 1).astype(np.float32) / 8
    weights = builder.tensor(
        shape, scale=scales, axis=axis, dtype=DType.INT4,
        data=rng.integers(-8, 8, shape, dtype=np.int8),
    )  # fmt: skip
    given = [builder.operand(image, case.source), weights]
    if case.biased or case.kind != "FULLY_CONNECTED":
        bias = rng.integers(-500, 500, outputs, dtype=np.int32)
        bias_scale = np.float32(case.source.scale) * scales
        given.append(builder.tensor((outputs,), scale=bias_scale, dtype=DType.INT32, data=bias))
    reach = float(case.source.scale * 0.5 * np.sqrt(np.prod(shape[1:])))
    output = builder.output(made, Quantised(float(np.float32(reach)), case.zero_point))
    builder.operator(case.kind, tuple(given), (output,), stem, version=7, **fields)


@few
@given(cases=several(layers), seed=seeds)
def test_layers_have_the_bytes_of_tflite_micro(
    exactness: Exactness, cases: list[Layer], seed: int
) -> None:
    exactness.check_cases(cases, add, seed)


def dense(values: NDArray[np.int8], scale: float | NDArray[np.float64] = 0.25) -> bytes:
    builder = ModelBuilder()
    x = builder.tensor((1, values.shape[1]), scale=0.5)
    weights = builder.tensor(values.shape, scale=scale, dtype=DType.INT4, data=values)
    y = builder.tensor((1, values.shape[0]), scale=0.5)
    builder.operator("FULLY_CONNECTED", (x, weights), (y,), "FullyConnected")
    return builder.build((x,), (y,))


def test_every_value_comes_back_an_odd_number_of_them_too() -> None:
    values = np.append(np.arange(-8, 8), 3).astype(np.int8).reshape(1, 17)
    (tensor,) = [t for t in read_model(dense(values)).main.tensors if t.dtype is DType.INT4]
    assert np.array_equal(unpacked_int4(tensor), values)
    assert packed_int4(values).tolist() == [
        0x98, 0xBA, 0xDC, 0xFE, 0x10, 0x32, 0x54, 0x76, 0x03
    ]  # fmt: skip


def test_dense_layers_with_a_scale_for_each_channel_are_refused() -> None:
    model = dense(np.ones((2, 3), np.int8), np.asarray([0.25, 0.5]))
    with pytest.raises(BadInput, match="a scale for each channel, which TFLite-Micro does not"):
        compile_model(model, "m")


def test_other_layers_do_not_take_them() -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 2, 2, 1), scale=0.5)
    weights = builder.tensor(
        (1, 1, 1, 1), scale=0.25, dtype=DType.INT4, data=np.ones((1, 1, 1, 1), np.int8)
    )
    y = builder.tensor((1, 2, 2, 1), scale=0.5)
    builder.operator(
        "TRANSPOSE_CONV", (builder.integers(1, 2, 2, 1), weights, x), (y,), "TransposeConv",
        strideH=1, strideW=1, padding=0,
    )  # fmt: skip
    with pytest.raises(BadInput, match=r"its weights is int4, not int8"):
        compile_model(builder.build((x,), (y,)), "m")
