"""Comparisons, SELECT_V2 and CAST: every byte is TFLite-Micro's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from exactness import CaseBuilder, Exactness, Quantised, few, random_inputs, seeds, several
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

Shape = tuple[int, ...]
OPTIONS = {
    "EQUAL": "Equal",
    "NOT_EQUAL": "NotEqual",
    "GREATER": "Greater",
    "GREATER_EQUAL": "GreaterEqual",
    "LESS": "Less",
    "LESS_EQUAL": "LessEqual",
}
PLAIN = Quantised(1.0, 0)
scales = st.floats(-12, -0.01).map(lambda exponent: float(np.float32(2.0**exponent)))
kinds = st.builds(Quantised, scales, st.integers(-128, 127))
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@dataclass(frozen=True)
class Compared:
    name: str
    shape: Shape
    repeated: tuple[Shape, Shape]
    """Along which axes each operand has a length of 1."""
    constant: int | None
    first: Quantised
    second: Quantised
    seed: int

    def operands(self, builder: CaseBuilder) -> tuple[int, ...]:
        made = []
        for place, kind in enumerate((self.first, self.second)):
            shape = without(self.shape, self.repeated[place])
            if place == self.constant:
                made.append(constant(builder, shape, kind, self.seed))
            else:
                made.append(builder.operand(shape, kind))
        return tuple(made)

    @property
    def made(self) -> Shape:
        return np.broadcast_shapes(*(without(self.shape, axes) for axes in self.repeated))


def without(shape: Shape, axes: Shape) -> Shape:
    return tuple(1 if axis in axes else length for axis, length in enumerate(shape))


def constant(builder: CaseBuilder, shape: Shape, kind: Quantised, seed: int) -> int:
    data = np.random.default_rng(seed).integers(-128, 128, shape, dtype=np.int8)
    return builder.tensor(shape, scale=kind.scale, zero_point=kind.zero_point, data=data)


@st.composite
def compared(draw: st.DrawFn) -> Compared:
    shape = draw(shapes)
    some = st.sets(st.integers(0, len(shape) - 1)).map(tuple)
    first = draw(kinds)
    # Of one quantisation, and of halves of it, more values are equal.
    near = st.sampled_from((first, replace(first, scale=first.scale / 2)))
    return Compared(
        draw(st.sampled_from(sorted(OPTIONS))),
        shape,
        (draw(st.one_of(st.just(()), some)), draw(st.one_of(st.just(()), some))),
        draw(st.sampled_from((None, None, 0, 1))),
        first,
        draw(st.one_of(kinds, near)),
        draw(seeds),
    )


def add_compared(builder: CaseBuilder, case: Compared) -> None:
    operands = case.operands(builder)
    truth = builder.tensor(case.made, dtype=DType.BOOL)
    builder.operator(case.name, operands, (truth,), OPTIONS[case.name])
    output = builder.output(case.made, PLAIN)
    builder.operator("CAST", (truth,), (output,), "Cast", inDataType=6, outDataType=9)


@few
@given(cases=several(compared()), seed=seeds)
def test_comparisons(exactness: Exactness, cases: list[Compared], seed: int) -> None:
    exactness.check_cases(cases, add_compared, seed)


@pytest.mark.parametrize("second", [Quantised(0.05, -7), Quantised(0.1, 2), Quantised(0.99, -128)])
def test_every_pair_of_values(exactness: Exactness, second: Quantised) -> None:
    """Also of values that differ by less than the bits that are compared."""
    left, right = np.meshgrid(np.arange(-128, 128), np.arange(-128, 128))
    inputs = np.concatenate([left.ravel(), right.ravel()]).astype(np.int8).reshape(1, 1, -1)
    builder = CaseBuilder()
    shape, axes = (1, 65536), ((), ())
    case = Compared("EQUAL", shape, axes, None, Quantised(0.05, 3), second, 0)
    operands = case.operands(builder)
    for name in sorted(OPTIONS):
        truth, output = builder.tensor(shape, dtype=DType.BOOL), builder.output(shape, PLAIN)
        builder.operator(name, operands, (truth,), OPTIONS[name])
        builder.operator("CAST", (truth,), (output,), "Cast")
    exactness.check(builder.finish(), inputs)


@dataclass(frozen=True)
class Selected:
    shape: Shape
    repeated: tuple[Shape, Shape, Shape]
    constants: tuple[bool, bool]
    kind: Quantised
    seed: int


@st.composite
def selected(draw: st.DrawFn) -> Selected:
    shape = draw(shapes)
    some = st.one_of(st.just(()), st.sets(st.integers(0, len(shape) - 1)).map(tuple))
    repeated = (draw(some), draw(some), draw(some))
    constants = (draw(st.booleans()), draw(st.booleans()))
    return Selected(shape, repeated, constants, draw(kinds), draw(seeds))


def add_selected(builder: CaseBuilder, case: Selected) -> None:
    cut = [without(case.shape, axes) for axes in case.repeated]
    source = builder.operand(cut[0], PLAIN)
    condition = builder.tensor(cut[0], dtype=DType.BOOL)
    builder.operator("CAST", (source,), (condition,), "Cast")
    operands = [
        constant(builder, shape, case.kind, case.seed)
        if known
        else builder.operand(shape, case.kind)
        for shape, known in zip(cut[1:], case.constants, strict=True)
    ]
    output = builder.output(np.broadcast_shapes(*cut), case.kind)
    builder.operator("SELECT_V2", (condition, *operands), (output,), "SelectV2")


@few
@given(cases=several(selected()), seed=seeds)
def test_select(exactness: Exactness, cases: list[Selected], seed: int) -> None:
    exactness.check_cases(cases, add_selected, seed)


def test_a_value_as_its_own_condition(exactness: Exactness) -> None:
    """What is compared is selected, in the place of the truth that a cast shares."""
    builder = ModelBuilder()
    x, y = builder.tensor((1, 64), scale=0.5), builder.tensor((1, 64), scale=0.5)
    half = builder.tensor((1, 1), scale=0.5, data=np.full((1, 1), 5, np.int8))
    truth, one = builder.tensor((1, 64), dtype=DType.BOOL), builder.tensor((1, 64), scale=0.5)
    builder.operator("GREATER", (x, half), (truth,), "Greater")
    builder.operator("CAST", (truth,), (one,), "Cast")
    builder.operator("SELECT_V2", (truth, x, one), (y,), "SelectV2")
    exactness.check(builder.build((x,), (y,)), random_inputs(4, (1, 64)))


def compared_model(
    scales: tuple[float, float] = (0.5, 0.5), *, rank: int = 2, out: bool = False
) -> bytes:
    builder = ModelBuilder()
    shape, other = (2,) * rank, (1, *(2,) * (rank - 1))
    x, y = builder.tensor(shape, scale=scales[0]), builder.tensor(other, scale=scales[1])
    truth, made = builder.tensor(shape, dtype=DType.BOOL), builder.tensor(shape, scale=1.0)
    builder.operator("LESS", (x, y), (truth,), "Less")
    builder.operator("CAST", (truth,), (made,), "Cast")
    return builder.build((x, y), (truth if out else made,))


def selected_model(
    scale: float = 0.5, *, shape: Shape = (1, 4), known: bool = False, rank: int = 0
) -> bytes:
    builder = ModelBuilder()
    x = builder.tensor((1, 4), scale=0.5) if not rank else builder.tensor((2,) * rank, scale=0.5)
    full = (2,) * rank if rank else (1, 4)
    y, made = builder.tensor(shape, scale=scale), builder.tensor(full, scale=0.5)
    data = np.ones(full, np.bool_) if known else None
    truth = builder.tensor(full, dtype=DType.BOOL, data=data)
    if not known:
        builder.operator("CAST", (x,), (truth,), "Cast")
    builder.operator("SELECT_V2", (truth, x, y), (made,), "SelectV2")
    return builder.build((x, y), (made,))


def cast_model(source: DType, target: DType) -> bytes:
    builder = ModelBuilder()
    x = builder.tensor((1, 4), scale=0.5, dtype=source)
    y = builder.tensor((1, 4), scale=0.5, dtype=target)
    builder.operator("CAST", (x,), (y,), "Cast")
    return builder.build((x,), (y,))


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: compared_model((0.5, 1.0)), "LESS .* it compares values of scale 1, and below 1"),
        (
            lambda: compared_model(rank=5),
            "LESS .* it repeats operands along 5 axes, and",
        ),
        (lambda: compared_model(out=True), "an output of type bool, not int8"),
        (lambda: selected_model(0.25), "SELECT_V2 .* it picks one of two values, yet"),
        (lambda: selected_model(shape=(1, 3)), "SELECT_V2 .* its shapes do not fit"),
        (lambda: selected_model(known=True), "SELECT_V2 .* input 0 is a constant"),
        (lambda: selected_model(shape=(1,), rank=6), "SELECT_V2 .* it repeats operands along 6"),
        (lambda: cast_model(DType.INT8, DType.INT32), "CAST .* it casts int8 to int32"),
        (lambda: cast_model(DType.FLOAT32, DType.INT8), "CAST .* it casts float32 to int8"),
    ],
)
def test_what_cannot_be_compared_or_selected_is_refused(
    build: Callable[[], bytes], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        compile_model(build(), "m")
