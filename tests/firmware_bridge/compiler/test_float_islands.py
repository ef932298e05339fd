"""Functions of floats between DEQUANTIZE and QUANTIZE, as converters leave them: one table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from exactness import CaseBuilder, Exactness, Quantised, few, quantisations, several
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.float_islands import FUNCTIONS
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

ANY = sorted(FUNCTIONS.keys() - {"LOG", "RSQRT", "SQRT", "EXP"})
"""Defined, and no larger than a float, whatever int8 stands for."""
ALL = np.arange(-128, 128, dtype=np.int8).reshape(1, 1, -1)


def float_functions(
    builder: ModelBuilder, names: Sequence[str], source: int, shape: tuple[int, ...]
) -> int:
    """Add DEQUANTIZE and functions of its floats."""
    last = builder.tensor(shape, dtype=DType.FLOAT32)
    builder.operator("DEQUANTIZE", (source,), (last,), "Dequantize")
    for name in names:
        made = builder.tensor(shape, dtype=DType.FLOAT32, name=f"made by {name}")
        builder.operator(name, (last,), (made,))
        last = made
    return last


@few
@given(
    cases=several(
        st.tuples(
            quantisations,
            quantisations,
            st.lists(st.sampled_from(ANY), min_size=1, max_size=3).filter(
                lambda names: names.count("SQUARE") < 2
            ),
        )
    )
)
def test_functions_of_one_value_are_a_table(
    exactness: Exactness, cases: list[tuple[Quantised, Quantised, list[str]]]
) -> None:
    """Squares of squares may pass int32 in the output's scale, where the oracle is not defined."""
    builder = CaseBuilder()
    for source, target, names in cases:
        x, y = builder.operand((1, 256), source), builder.output((1, 256), target)
        last = float_functions(builder, names, x, (1, 256))
        builder.operator("QUANTIZE", (last,), (y,), "Quantize")
    exactness.check(builder.finish(), np.tile(ALL, len(cases)))


@few
@given(
    cases=several(
        st.tuples(quantisations, quantisations, st.sampled_from(("LOG", "RSQRT", "SQRT", "NEG")))
    )
)
def test_functions_of_what_is_above_zero(
    exactness: Exactness, cases: list[tuple[Quantised, Quantised, str]]
) -> None:
    """Exponentials up to 2^17 are: beyond int32 in the output's scale the oracle is not defined."""
    builder = CaseBuilder()
    for source, target, name in cases:
        small = Quantised(min(source.scale, 0.04), source.zero_point)
        x, y = builder.operand((1, 256), small), builder.output((1, 256), target)
        last = float_functions(builder, ("EXP", name), x, (1, 256))
        builder.operator("QUANTIZE", (last,), (y,), "Quantize")
    exactness.check(builder.finish(), np.tile(ALL, len(cases)))


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - {"LOG", "RSQRT"}))
def test_a_function_may_give_the_models_float_output(exactness: Exactness, name: str) -> None:
    """Floats of libm may differ in their last bit, which int8 does not see."""
    builder = ModelBuilder()
    x = builder.tensor((1, 256), scale=0.125, zero_point=-128)
    y = float_functions(builder, (name,), x, (1, 256))
    compiled = compile_model(builder.build((x,), (y,)), "m")
    assert [call.function for call in compiled.calls] == ["i8_dequantise"]
    floats = np.arange(256, dtype=np.float32) / 8
    wanted = FUNCTIONS[name](floats)
    np.testing.assert_array_equal(exactness.build(compiled).outputs(ALL).reshape(-1), wanted)


def test_what_is_added_or_greater_at_once_is_in_the_table(exactness: Exactness) -> None:
    """As a logarithm is taken of: int8 has zero among the values of a sum, and the sum has not."""
    builder = CaseBuilder()
    least = np.asarray([0.25], np.float32)
    for kind, options, first in (("ADD", "Add", True), ("MAXIMUM", "MaximumMinimum", False)):
        x = builder.operand((1, 256), Quantised(0.125, -128))
        y = builder.output((1, 256), Quantised(0.02, -60))
        real, made, log = (builder.tensor((1, 256), dtype=DType.FLOAT32) for _ in range(3))
        constant = builder.tensor((1,), dtype=DType.FLOAT32, data=least)
        builder.operator("DEQUANTIZE", (x,), (real,), "Dequantize")
        inputs = (constant, real) if first else (real, constant)
        builder.operator(kind, inputs, (made,), options)
        builder.operator("LOG", (made,), (log,))
        builder.operator("QUANTIZE", (log,), (y,), "Quantize")
    exactness.check(builder.finish(), np.tile(ALL, 2))


def test_floats_that_are_not_defined_are_refused() -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor((1, 4), scale=0.5, name=name) for name in ("in", "out"))
    last = float_functions(builder, ("LOG",), x, (1, 4))
    builder.operator("QUANTIZE", (last,), (y,), "Quantize")
    with pytest.raises(BadInput, match=r"2 QUANTIZE \(out\) .* its floats are not defined for all"):
        compile_model(builder.build((x,), (y,)), "m")


def test_floats_that_others_read_too_are_refused_by_name() -> None:
    builder = ModelBuilder()
    x, y = builder.tensor((1, 4), scale=0.5), builder.tensor((1, 4), dtype=DType.FLOAT32)
    last = float_functions(builder, ("NEG",), x, (1, 4))
    builder.operator("GELU", (last,), (y,), "Gelu")
    with pytest.raises(BadInput, match=r"1 NEG .* no kernel for GELU, NEG"):
        compile_model(builder.build((x,), (y,)), "m")


def test_int8_without_a_kernel_in_tflite_micro_is_refused_by_name() -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor((1, 4), scale=0.5) for _ in range(2))
    builder.operator("SQRT", (x,), (y,))
    with pytest.raises(BadInput, match=r"0 SQRT .* no kernel for SQRT"):
        compile_model(builder.build((x,), (y,)), "m")
