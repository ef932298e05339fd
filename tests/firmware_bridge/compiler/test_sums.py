"""SUM and L2_NORMALIZATION."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from exactness import CaseBuilder, Exactness, Quantised, few, quantisations, seeds
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput

Shape = tuple[int, ...]
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@dataclass(frozen=True)
class Sum:
    shape: Shape
    axes: tuple[int, ...]
    keep: bool
    source: Quantised
    target: Quantised


@st.composite
def sums(draw: st.DrawFn) -> Sum:
    shape = draw(shapes)
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    source, target = draw(quantisations), draw(quantisations)
    return Sum(shape, tuple(axes), draw(st.booleans()), source, target)


def add_sum(builder: CaseBuilder, case: Sum) -> None:
    shape = tuple(
        1 if axis in case.axes else length
        for axis, length in enumerate(case.shape)
        if case.keep or axis not in case.axes
    )
    inputs = (builder.operand(case.shape, case.source), builder.integers(*case.axes))
    output = builder.output(shape, case.target)
    builder.operator("SUM", inputs, (output,), "Reducer", keepDims=case.keep)


def test_sums_beyond_32_bits_are_refused() -> None:
    builder = ModelBuilder()
    x, y = builder.tensor((1, 4096), scale=2.0), builder.tensor((1,), scale=2.0**-12)
    builder.operator("SUM", (x, builder.integers(1)), (y,), "Reducer")
    with pytest.raises(BadInput, match=r"0 SUM .* its output's scale is too small"):
        compile_model(builder.build((x,), (y,)), "m")


@dataclass(frozen=True)
class Rows:
    rows: int
    depth: int
    source: Quantised


rows = st.builds(Rows, st.integers(1, 4), st.integers(1, 300), quantisations)


def add_l2(builder: CaseBuilder, case: Rows) -> None:
    shape = (1, case.rows, case.depth)
    x, y = builder.operand(shape, case.source), builder.output(shape, Quantised(1 / 128, 0))
    builder.operator("L2_NORMALIZATION", (x,), (y,), "L2Norm")


Case = tuple[Callable[[CaseBuilder, Any], None], Any]
cases = st.one_of(
    sums().map(lambda case: (add_sum, case)),
    rows.map(lambda case: (add_l2, case)),
)


@few
@given(cases=st.lists(cases, min_size=4, max_size=8), seed=seeds)
def test_sums_and_norms(exactness: Exactness, cases: list[Case], seed: int) -> None:
    """All of them in one model, which is built once."""
    exactness.check_cases(cases, lambda builder, case: case[0](builder, case[1]), seed)


def normalisation(depth: int, **fields: int) -> bytes:
    builder = ModelBuilder()
    x, y = builder.tensor((1, depth), scale=0.5), builder.tensor((1, depth), scale=1 / 128)
    builder.operator("L2_NORMALIZATION", (x,), (y,), "L2Norm", **fields)
    return builder.build((x,), (y,))


def test_rows_from_none_to_the_longest_are_normalised(exactness: Exactness) -> None:
    """Sums of squares of 0, 1, few and nearly 2^31."""
    depth = 33025
    inputs = np.zeros((5, 1, depth), np.int8)
    inputs[1, 0, :1], inputs[2, 0, :3], inputs[3], inputs[4] = -1, 127, -128, 127
    exactness.check(normalisation(depth), inputs)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (normalisation(33026), "the squares of 33026 values may overflow"),
        (normalisation(4, fusedActivationFunction=1), "it has the fused activation RELU"),
    ],
)
def test_what_cannot_be_normalised_is_refused(model: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=f"0 L2_NORMALIZATION .* {reason}"):
        compile_model(model, "m")
