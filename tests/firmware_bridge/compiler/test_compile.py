"""What is compiled, what is refused, and how the C reads."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.c_text import comment_text, number
from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.kernel_sources import kernel_sources
from quantize.foundation.errors import BadInput, InternalError
from quantize.tflite.schema import DType

OWN = Path(__file__).parents[2] / "vectors" / "amplitude_phase_int8.tflite"


def model(*, name: str = "logits", shape: tuple[int, ...] = (1, 8)) -> bytes:
    builder = ModelBuilder()
    x = builder.tensor(shape, scale=0.1, zero_point=3, name="features")
    middle = builder.tensor(shape, scale=1 / 256, zero_point=-128, name="gate;other/layer")
    y = builder.tensor(shape, scale=0.05, name=name)
    builder.operator("LOGISTIC", (x,), (middle,))
    builder.operator("MUL", (x, middle), (y,), "Mul")
    return builder.build((x,), (y,))


def test_the_same_bytes_give_the_same_text() -> None:
    first, second = (compile_model(model(), "voice") for _ in range(2))
    assert first.header == second.header and first.source == second.source
    assert first.sha256 == hashlib.sha256(model()).hexdigest()


def test_the_header_says_what_the_runtime_needs() -> None:
    compiled = compile_model(model(), "voice")
    defines = dict(re.findall(r"#define (MODEL_\w+) (.+)", compiled.header))
    assert defines == {
        "MODEL_NAME": '"voice"',
        "MODEL_HASH": f'"{compiled.sha256}"',
        "MODEL_ARENA_BYTES": str(compiled.arena_bytes),
        "MODEL_INPUT_BYTES": "8",
        "MODEL_INPUT_VALUES": "8",
        "MODEL_INPUT_IS_FLOAT": "0",
        "MODEL_INPUT_IS_UNSIGNED": "0",
        "MODEL_INPUT_SCALE": "0.100000001f",
        "MODEL_INPUT_ZERO_POINT": "(3)",
        "MODEL_OUTPUT_BYTES": "8",
        "MODEL_OUTPUT_VALUES": "8",
        "MODEL_OUTPUT_IS_FLOAT": "0",
        "MODEL_OUTPUT_IS_UNSIGNED": "0",
        "MODEL_OUTPUT_SCALE": "0.0500000007f",
        "MODEL_OUTPUT_ZERO_POINT": "(0)",
        "MODEL_OPERATORS": "2",
        "MODEL_MAX_OPERATOR_OUTPUT_BYTES": "8",
    }
    assert "int8 [1, 8], scale 0.100000001, zero point 3" in compiled.header


def test_operators_are_commented_with_layer_and_quantisation() -> None:
    source = compile_model(model(), "voice").source
    assert "/* operator 0 LOGISTIC (gate)\n" in source
    assert " *   to   int8 [1, 8], scale 0.00390625, zero point -128 */" in source


def test_rows_add_up() -> None:
    compiled = compile_model(model(), "voice")
    assert [row.name for row in compiled.operators] == ["LOGISTIC", "MUL"]
    assert [row.kernel for row in compiled.operators] == ["i8_lookup", "i8_multiplication"]
    assert compiled.constant_bytes == 256
    assert compiled.macs == 0


def test_kernel_sources_are_closed_under_inclusion() -> None:
    paths = kernel_sources(compile_model(model(), "voice").source)
    names = {path.name for path in paths}
    assert {"i8_lookup.c", "i8_lookup.h", "i8_multiplication.c", "i8_multiplication.h"} <= names
    included = {
        name
        for path in paths
        for name in re.findall(r'#include "(\w+\.h)"', path.read_text("utf-8"))
    }
    assert included <= names
    assert "i8_softmax.c" not in names


def test_an_include_that_is_no_kernels_header_is_a_fault_of_ours() -> None:
    with pytest.raises(InternalError, match=r"i8_none\.h"):
        kernel_sources('#include "i8_none.h"\n')


@pytest.mark.parametrize(
    "hostile", ["*/ int x; /*", "a\nb", 'quote " and \\', "??/", "é" * 50, "x" * 400]
)
def test_hostile_names_stay_in_comments_and_lines_short(hostile: str) -> None:
    compiled = compile_model(model(name=hostile), hostile)
    for text in (compiled.header, compiled.source):
        assert max(map(len, text.splitlines())) <= 100
        assert text.isascii()
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,31}", compiled.name)
    assert compiled.source.count("/*") == compiled.source.count("*/")


def test_comment_text_and_numbers() -> None:
    assert comment_text("a*/b??=") == "a* /b? ?="
    assert [number(v) for v in (-(2**31), 5, 1.0, 0.1)] == [
        "INT32_MIN",
        "5",
        "1.0f",
        "0.100000001f",
    ]
    for value in (1e-30, 3.4e38, 1 / 3, -0.0, 16777216.0):
        text = number(np.float32(value))
        assert np.float32(text.removesuffix("f")) == np.float32(value)
        assert "." in text or "e" in text


def build(
    *,
    operator: str = "RELU",
    dtype: DType = DType.INT8,
    signature: tuple[int, ...] | None = None,
    inputs: int = 1,
    outputs: int = 1,
    scaled: bool = True,
    version: int = 1,
) -> bytes:
    builder = ModelBuilder()
    scale = 0.1 if scaled else None
    sources = [
        builder.tensor((1, 4), scale=scale, dtype=dtype, signature=signature, name=f"in{i}")
        for i in range(inputs)
    ]
    targets = [builder.tensor((1, 4), scale=scale, dtype=dtype, name=f"y{i}") for i in range(2)]
    for target in targets:
        builder.operator(operator, (sources[0],), (target,), version=version)
    return builder.build(tuple(sources), tuple(targets[:outputs]))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (build(operator="GELU"), r"operator 0 GELU \(y0\) .* no kernel for GELU"),
        (build(operator="NEG"), r"no kernel for NEG"),
        (build(dtype=DType.INT16), r"operator 0 RELU \(y0\) .* input 0 is int16, not int8"),
        (build(dtype=DType.INT64), r"an input of type int64"),
        (build(dtype=DType.FLOAT32, scaled=False), r"operator 0 RELU \(y0\) .* input 0 is float32"),
        (build(dtype=DType.UINT8), r"operator 0 RELU \(y0\) .* input 0 is uint8, not int8"),
        (build(dtype=DType.BOOL), r"an input of type bool"),
        (build(signature=(1, -1)), r"known only at run time: tensor 0 \(in0\)"),
        (build(inputs=17), r"has 17 inputs"),
        (build(outputs=0), r"has 0 outputs"),
        (build(scaled=False), r"operator 0 RELU \(y0\) .* tensor 0 is not quantised"),
        (b"", r"is empty"),
        (b"not a model at all", r"not a \.tflite file"),
    ],
)
def test_refusals_say_where_and_why(data: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        compile_model(data, "some.tflite")
    assert caught.value.hint


def test_a_batch_that_is_given_at_run_time_is_one() -> None:
    assert compile_model(build(signature=(-1, 4)), "m").input.shape == (1, 4)


def test_a_computed_shape_is_refused() -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 4), scale=0.1)
    shape = builder.tensor((2,), dtype=DType.INT32)
    y = builder.tensor((4, 1), scale=0.1)
    builder.operator("WHERE", (x,), (shape,))
    builder.operator("RESHAPE", (x, shape), (y,), "Reshape")
    with pytest.raises(BadInput, match=r"operator 0 WHERE .* no kernel for WHERE"):
        compile_model(builder.build((x,), (y,)), "m")


def test_a_constant_where_data_is_computed_is_refused() -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 4), scale=0.1)
    data = np.zeros((1, 4), np.int8)
    constant = builder.tensor((1, 4), scale=0.1, data=data)
    y = builder.tensor((1, 4), scale=0.1)
    z = builder.tensor((1, 4), scale=0.1)
    builder.operator("RELU", (constant,), (y,))
    builder.operator("ADD", (x, y), (z,), "Add")
    with pytest.raises(BadInput, match=r"operator 0 RELU .* input 0 is a constant"):
        compile_model(builder.build((x,), (z,)), "m")


@settings(max_examples=150)
@given(
    position=st.integers(0, 2**20),
    patch=st.one_of(
        st.binary(min_size=1, max_size=4),
        st.sampled_from([b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0\0\x80\x7f", b"\1\0\0\0"]),
    ),
    where=st.sampled_from(["start", "end"]),
)
def test_a_damaged_model_is_compiled_or_refused(position: int, patch: bytes, where: str) -> None:
    """The flatbuffer's tables stand at both ends of the file, its weights between."""
    data = bytearray(OWN.read_bytes())
    place = position % 3000
    start = place if where == "start" else len(data) - 3000 + place
    data[start : start + len(patch)] = patch[: len(data) - start]
    try:
        compiled = compile_model(bytes(data), "damaged")
    except BadInput as refused:
        assert refused.message
    else:
        assert compiled.source.isascii()
