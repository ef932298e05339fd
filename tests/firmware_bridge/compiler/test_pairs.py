"""MINIMUM, MAXIMUM, PRELU and SQUARED_DIFFERENCE with broadcasting, and what looks for extremes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from exactness import (
    CaseBuilder,
    Exactness,
    Quantised,
    few,
    quantisations,
    random_inputs,
    seeds,
    several,
)
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

Shape = tuple[int, ...]
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@dataclass(frozen=True)
class Pair:
    shape: Shape
    repeated: tuple[bool, ...]
    swapped: bool
    constant: int | None
    first: Quantised
    second: Quantised
    target: Quantised
    seed: int


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    shape = draw(shapes)
    repeated = tuple(draw(st.booleans()) for _ in shape)
    kinds = [draw(quantisations) for _ in range(3)]
    return Pair(
        shape,
        repeated,
        draw(st.booleans()),
        draw(st.sampled_from((None, 0, 1))),
        *kinds,
        draw(seeds),
    )


def add_pair(builder: CaseBuilder, case: Pair, name: str, options: str) -> None:
    ends = zip(case.shape, case.repeated, strict=True)
    other = tuple(1 if repeated else length for length, repeated in ends)
    constant = case.constant if name != "PRELU" or case.constant is None else 1
    inputs = []
    for place, (of, kind) in enumerate(((case.shape, case.first), (other, case.second))):
        if place == constant:
            data = np.random.default_rng(case.seed).integers(-128, 128, of, dtype=np.int8)
            operand = builder.tensor(of, scale=kind.scale, zero_point=kind.zero_point, data=data)
        else:
            operand = builder.operand(of, kind)
        inputs.append(operand)
    if case.swapped and name != "PRELU":
        inputs.reverse()
    builder.operator(name, tuple(inputs), (builder.output(case.shape, case.target),), options)


@few
@given(cases=several(pairs()), name=st.sampled_from(("MINIMUM", "MAXIMUM")), seed=seeds)
def test_minimum_and_maximum(exactness: Exactness, cases: list[Pair], name: str, seed: int) -> None:
    def add(builder: CaseBuilder, case: Pair) -> None:
        same = replace(case, second=case.first, target=case.first)
        add_pair(builder, same, name, "MaximumMinimum")

    exactness.check_cases(cases, add, seed)


@few
@given(cases=several(pairs()), seed=seeds)
def test_prelu(exactness: Exactness, cases: list[Pair], seed: int) -> None:
    exactness.check_cases(cases, lambda builder, case: add_pair(builder, case, "PRELU", ""), seed)


@few
@given(cases=several(pairs()), ratio=st.floats(-4, 3), seed=seeds)
def test_squared_difference(
    exactness: Exactness, cases: list[Pair], ratio: float, seed: int
) -> None:
    def add(builder: CaseBuilder, case: Pair) -> None:
        most = max(case.first.scale, case.second.scale)
        target = replace(case.target, scale=float(np.float32(4 * most * most * 2.0**ratio)))
        add_pair(builder, replace(case, target=target), "SQUARED_DIFFERENCE", "SquaredDifference")

    exactness.check_cases(cases, add, seed)


def test_unequal_scales_of_an_extremum_are_refused() -> None:
    builder = ModelBuilder()
    x, other = builder.tensor((1, 4), scale=0.5), builder.tensor((1, 4), scale=0.25)
    made = builder.tensor((1, 4), scale=0.25)
    builder.operator("QUANTIZE", (x,), (other,), "Quantize")
    builder.operator("MINIMUM", (other, x), (made,), "MaximumMinimum")
    with pytest.raises(BadInput, match=r"1 MINIMUM .* picks one of two values, yet"):
        compile_model(builder.build((x,), (made,)), "m")


@dataclass(frozen=True)
class Reduction:
    shape: Shape
    axes: tuple[int, ...]
    keep: bool
    kind: Quantised


@st.composite
def reductions(draw: st.DrawFn) -> Reduction:
    shape = draw(shapes)
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    return Reduction(shape, tuple(axes), draw(st.booleans()), draw(quantisations))


def add_reduction(builder: CaseBuilder, case: Reduction, name: str) -> None:
    shape = tuple(
        1 if axis in case.axes else length
        for axis, length in enumerate(case.shape)
        if case.keep or axis not in case.axes
    )
    inputs = (builder.operand(case.shape, case.kind), builder.integers(*case.axes))
    output = builder.output(shape, case.kind)
    builder.operator(name, inputs, (output,), "Reducer", keepDims=case.keep, version=2)


@few
@given(cases=several(reductions()), name=st.sampled_from(("REDUCE_MAX", "REDUCE_MIN")), seed=seeds)
def test_reductions(exactness: Exactness, cases: list[Reduction], name: str, seed: int) -> None:
    exactness.check_cases(cases, lambda builder, case: add_reduction(builder, case, name), seed)


@few
@given(
    shape=shapes.filter(lambda shape: len(shape) < 4),
    axis=st.integers(0, 5),
    kind=st.sampled_from(("Max", "Min")),
    seed=seeds,
)
def test_places(exactness: Exactness, shape: Shape, axis: int, kind: str, seed: int) -> None:
    axis %= len(shape)
    builder = ModelBuilder()
    x = builder.tensor((1, *shape), scale=0.5, zero_point=3)
    made = (1, *shape[:axis], *shape[axis + 1 :])
    y = builder.tensor(made, dtype=DType.INT32)
    inputs = (x, builder.integers(axis + 1))
    builder.operator(f"ARG_{kind.upper()}", inputs, (y,), f"Arg{kind}", outputType=2)
    samples = random_inputs(seed, (1, *shape))
    exactness.check(builder.build((x,), (y,)), np.concatenate([samples, samples // 64]))
