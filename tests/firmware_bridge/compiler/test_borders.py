"""Integers that are not int8 at a model's borders: all their values, as TFLite-Micro has them."""

from __future__ import annotations

import numpy as np
import pytest
from exactness import Exactness, Quantised, few, seeds
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

scales = st.floats(-8, 1).map(lambda exponent: float(np.float32(2.0**exponent)))
ratios = st.floats(-6, 6).map(lambda exponent: 2.0**exponent)
unsigned = st.builds(Quantised, scales, st.integers(0, 255))
signed = st.builds(Quantised, scales, st.integers(-128, 127))
wide = st.builds(Quantised, scales, st.sampled_from([0, 0, 0, 100, -7]))


def bordered(
    outside: DType, source: Quantised, inside: Quantised, target: Quantised, count: int
) -> bytes:
    """Quantise an input of a type to int8, and back."""
    builder = ModelBuilder()
    shape = (1, count)
    x = builder.tensor(shape, dtype=outside, scale=source.scale, zero_point=source.zero_point)
    a = builder.tensor(shape, scale=inside.scale, zero_point=inside.zero_point)
    b = builder.tensor(shape, scale=inside.scale, zero_point=inside.zero_point)
    y = builder.tensor(shape, dtype=outside, scale=target.scale, zero_point=target.zero_point)
    builder.operator("QUANTIZE", (x,), (a,), "Quantize")
    builder.operator("RELU", (a,), (b,))
    builder.operator("QUANTIZE", (b,), (y,), "Quantize")
    return builder.build((x,), (y,))


@few
@given(source=unsigned, inside=signed, target=unsigned)
def test_uint8_input_and_output(
    exactness: Exactness, source: Quantised, inside: Quantised, target: Quantised
) -> None:
    model = bordered(DType.UINT8, source, inside, target, 256)
    compiled = exactness.check(model, np.arange(256, dtype=np.uint8).reshape(1, 1, 256))
    assert "#define MODEL_INPUT_IS_UNSIGNED 1" in compiled.header
    assert "#define MODEL_OUTPUT_IS_UNSIGNED 1" in compiled.header


def test_pixels_are_moved_by_128(exactness: Exactness) -> None:
    """What converters write for images: one scale, zero points 0 and -128."""
    pixels, inside = Quantised(1 / 255, 0), Quantised(1 / 255, -128)
    model = bordered(DType.UINT8, pixels, inside, pixels, 256)
    values = np.arange(256, dtype=np.uint8).reshape(1, 1, 256)
    exactness.check(model, values)
    outputs = exactness.build(compile_model(model, "m")).outputs(values)
    np.testing.assert_array_equal(outputs, values)


@few
@given(source=wide, ratio=ratios, inside=signed, target=wide)
def test_int16_input_and_output(
    exactness: Exactness, source: Quantised, ratio: float, inside: Quantised, target: Quantised
) -> None:
    narrow = Quantised(float(np.float32(source.scale * 256 * ratio)), inside.zero_point)
    model = bordered(DType.INT16, source, narrow, target, 4096)
    values = np.arange(-32768, 32768, dtype=np.int16).reshape(16, 1, 4096)
    exactness.check(model, values)


@few
@given(source=signed, ratio=ratios, wider=wide, zero=st.integers(-1000, 1000), seed=seeds)
def test_int16_and_int32_of_narrower_integers(
    exactness: Exactness, source: Quantised, ratio: float, wider: Quantised, zero: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    for outside, kind in ((DType.INT8, source), (DType.INT16, wider)):
        for made in (DType.INT16, DType.INT32):
            builder = ModelBuilder()
            x = builder.tensor(
                (1, 512), dtype=outside, scale=kind.scale, zero_point=kind.zero_point
            )
            scale = float(np.float32(kind.scale * ratio))
            zero_point = zero if made is DType.INT32 else 0
            y = builder.tensor((1, 512), dtype=made, scale=scale, zero_point=zero_point)
            builder.operator("QUANTIZE", (x,), (y,), "Quantize")
            ends = np.iinfo(outside.label)
            values = random.integers(
                ends.min, ends.max, (2, 1, 512), endpoint=True, dtype=outside.label
            )
            values[0, 0, :2] = (ends.min, ends.max)
            exactness.check(builder.build((x,), (y,)), values)


@pytest.mark.parametrize(
    ("source", "target"), [(DType.UINT8, DType.UINT8), (DType.UINT8, DType.INT16)]
)
def test_pairs_of_types_that_micro_has_not_are_refused(source: DType, target: DType) -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 8), dtype=source, scale=0.5)
    y = builder.tensor((1, 8), dtype=target, scale=0.25, name="made")
    builder.operator("QUANTIZE", (x,), (y,), "Quantize")
    with pytest.raises(BadInput, match=r"0 QUANTIZE \(made\) cannot be compiled: .*uint8|int16"):
        compile_model(builder.build((x,), (y,)), "m")


def test_int16_that_leads_beyond_32_bits_is_refused() -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 8), dtype=DType.INT16, scale=1e6)
    y = builder.tensor((1, 8), dtype=DType.INT32, scale=1.0, name="made")
    builder.operator("QUANTIZE", (x,), (y,), "Quantize")
    with pytest.raises(BadInput, match=r"0 QUANTIZE \(made\) .* too small beside its input's"):
        compile_model(builder.build((x,), (y,)), "m")


def test_kernels_of_8_bits_take_no_uint8() -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 8), dtype=DType.UINT8, scale=0.5)
    y = builder.tensor((1, 8), dtype=DType.UINT8, scale=0.5, name="made")
    builder.operator("RELU", (x,), (y,))
    with pytest.raises(BadInput, match=r"0 RELU \(made\) .* input 0 is uint8, not int8"):
        compile_model(builder.build((x,), (y,)), "m")
