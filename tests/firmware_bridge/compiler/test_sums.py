"""SUM, ADD_N, CUMSUM and L2_NORMALIZATION."""

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


@st.composite
def totals(draw: st.DrawFn) -> Sum:
    """Tensors that are added; `axes` are those that are constants or the first one again."""
    source, target = draw(quantisations), draw(quantisations)
    ways = draw(st.lists(st.sampled_from((0, 0, 1, 2)), min_size=1, max_size=14))
    scale = float(np.float32(source.scale * 2.0 ** draw(st.floats(-2, 4))))
    return Sum(draw(shapes), tuple(ways), False, source, Quantised(scale, target.zero_point))


def add_total(builder: CaseBuilder, case: Sum) -> None:
    operands = [builder.operand(case.shape, case.source)]
    for number, way in enumerate(case.axes):
        if way == 0:
            operands.append(builder.operand(case.shape, case.source))
        elif way == 1:
            data = np.random.default_rng(number).integers(-128, 128, case.shape, dtype=np.int8)
            kind = case.source
            constant = builder.tensor(
                case.shape, scale=kind.scale, zero_point=kind.zero_point, data=data
            )
            operands.insert(number % 2, constant)
        else:
            operands.append(operands[0])
    output = builder.output(case.shape, case.target)
    builder.operator("ADD_N", tuple(operands), (output,), "AddN")


@st.composite
def running(draw: st.DrawFn) -> tuple[Sum, bool]:
    case = draw(sums())
    scale = float(np.float32(case.source.scale * 2.0 ** draw(st.floats(-2, 3))))
    kind = Quantised(scale, case.target.zero_point)
    axis = draw(st.integers(-len(case.shape), len(case.shape) - 1))
    return Sum(case.shape, (axis,), case.keep, case.source, kind), draw(st.booleans())


def add_running(builder: CaseBuilder, case: tuple[Sum, bool]) -> None:
    of, is_reversed = case
    inputs = (builder.operand(of.shape, of.source), builder.integers(*of.axes))
    output = builder.output(of.shape, of.target)
    fields = {"exclusive": of.keep, "reverse": is_reversed}
    builder.operator("CUMSUM", inputs, (output,), "Cumsum", **fields)


added = st.one_of(
    totals().map(lambda case: (add_total, case)),
    running().map(lambda case: (add_running, case)),
)


@few
@given(cases=st.lists(added, min_size=6, max_size=10), seed=seeds)
def test_sums_on_a_common_scale(exactness: Exactness, cases: list[Case], seed: int) -> None:
    exactness.check_cases(cases, lambda builder, case: case[0](builder, case[1]), seed)


@pytest.mark.parametrize(("zero_point", "most"), [(-128, 15), (0, 32), (127, 15)])
def test_the_longest_sums(exactness: Exactness, zero_point: int, most: int) -> None:
    """One value more may pass 32 bits, where TFLite-Micro's result is not defined."""
    source, target = Quantised(0.5, zero_point), Quantised(8.0, 3)
    exactness.check_cases(
        [
            (add_total, Sum((1, 9), (0,) * (most - 1), False, source, target)),
            (add_running, (Sum((2, most, 3), (1,), False, source, target), False)),
        ],
        lambda builder, case: case[0](builder, case[1]),
        3,
    )
    longer = Sum((1, most + 1), (1,), False, source, target)
    for add, case in (
        (add_total, Sum((1, 9), (0,) * most, False, source, target)),
        (add_running, (longer, False)),
    ):
        builder = CaseBuilder()
        add(builder, case)  # type: ignore[operator]
        with pytest.raises(BadInput, match=f"sums of {most + 1} values may overflow 32 bits"):
            compile_model(builder.finish(), "m")


def added_model(shapes: list[Shape], scales: list[float], out: float) -> bytes:
    builder = ModelBuilder()
    inputs = tuple(
        builder.tensor(shape, scale=scale) for shape, scale in zip(shapes, scales, strict=True)
    )
    y = builder.tensor(shapes[0], scale=out)
    builder.operator("ADD_N", inputs, (y,), "AddN")
    return builder.build(inputs, (y,))


@pytest.mark.parametrize(
    ("shapes", "scales", "out", "reason"),
    [
        ([(1, 4), (4,)], [0.5, 0.5], 0.5, r"its output is \[1, 4\], where \[4\] is right"),
        ([(1, 4), (1, 4)], [0.5, 0.25], 0.5, "its inputs are added as they are, yet"),
        ([(1, 4), (1, 4)], [0.5, 0.5], 2.0**-21, "its output's scale is too small"),
        ([(1, 4)], [0.5], 0.5, "it adds 1 tensors"),
    ],
)
def test_what_cannot_be_added_is_refused(
    shapes: list[Shape], scales: list[float], out: float, reason: str
) -> None:
    with pytest.raises(BadInput, match=f"0 ADD_N .* {reason}"):
        compile_model(added_model(shapes, scales, out), "m")


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
