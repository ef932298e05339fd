"""ADD, SUB and MUL: any broadcasting, scales, activations and constants."""

from __future__ import annotations

from dataclasses import dataclass

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

RELU, RELU_N1_TO_1, RELU6 = 1, 2, 3


@dataclass(frozen=True)
class Case:
    """`repeat`: for each operand, which axes of `shape` it is repeated along."""

    name: str
    shape: tuple[int, ...]
    repeat: tuple[tuple[bool, ...], tuple[bool, ...]]
    first: Quantised
    second: Quantised
    ratio: float
    zero_point: int
    activation: int
    constant: int | None
    seed: int

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [
            tuple(1 if r else n for r, n in zip(repeat, self.shape, strict=True))
            for repeat in self.repeat
        ]

    @property
    def output_shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*self.shapes)

    @property
    def target(self) -> Quantised:
        # Outputs' scales in the neighbourhood of what holds all results.
        product = self.first.scale * self.second.scale * 128
        total = max(self.first.scale, self.second.scale) * 2
        scale = product if self.name == "MUL" else total
        return Quantised(float(np.float32(scale * 2.0**self.ratio)), self.zero_point)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rank = draw(st.integers(1, 4))
    repeats = st.tuples(*([st.booleans()] * rank))
    plain = st.just((False,) * rank)
    repeat = draw(st.one_of(st.tuples(plain, repeats), st.tuples(repeats, repeats)))
    constant = draw(st.sampled_from([None, None, 0, 1]))
    return Case(
        name=draw(st.sampled_from(["ADD", "SUB", "MUL"])),
        shape=tuple(draw(st.lists(st.integers(1, 6), min_size=rank, max_size=rank))),
        repeat=repeat,
        first=draw(quantisations),
        second=draw(quantisations),
        ratio=draw(st.floats(-8, 3)),
        zero_point=draw(st.integers(-128, 127)),
        activation=draw(st.sampled_from([0, 0, RELU, RELU6, RELU_N1_TO_1])),
        constant=constant,
        seed=draw(seeds),
    )


def add(builder: CaseBuilder, case: Case) -> None:
    operands = []
    for position, (shape, kind) in enumerate(
        zip(case.shapes, (case.first, case.second), strict=True)
    ):
        if position == case.constant:
            random = np.random.default_rng(case.seed)
            data = random.integers(-128, 128, shape, dtype=np.int8)
            operand = builder.tensor(shape, scale=kind.scale, zero_point=kind.zero_point, data=data)
        else:
            operand = builder.operand(shape, kind)
        operands.append(operand)
    output = builder.output(case.output_shape, case.target)
    builder.operator(
        case.name,
        tuple(operands),
        (output,),
        case.name.capitalize(),
        fusedActivationFunction=case.activation,
    )


@few
@given(cases=several(cases()), seed=seeds)
def test_any_broadcasting_and_constant(exactness: Exactness, cases: list[Case], seed: int) -> None:
    exactness.check_cases(cases, add, seed)


def gate(shapes: list[tuple[int, ...]], name: str, **fields: int) -> bytes:
    builder = CaseBuilder()
    kind = Quantised(0.05, 3)
    operands = tuple(builder.operand(shape, kind) for shape in shapes)
    output = builder.output(np.broadcast_shapes(*shapes), kind)
    builder.operator(name, operands, (output,), name.capitalize(), **fields)
    return builder.finish()


@pytest.mark.parametrize("name", ["ADD", "MUL"])
@pytest.mark.parametrize(
    "shapes", [[(1, 1, 1, 8), (1, 9, 5, 8)], [(1, 9, 5, 8), (1, 1, 1, 8)], [(6, 1), (1, 7)]]
)
def test_gates_and_outer_products(
    exactness: Exactness, name: str, shapes: list[tuple[int, ...]]
) -> None:
    model = gate(shapes, name)
    length = sum(int(np.prod(shape)) for shape in shapes)
    exactness.check(model, random_inputs(1, (1, length)))


def test_every_pair_of_values(exactness: Exactness) -> None:
    left, right = np.meshgrid(np.arange(-128, 128), np.arange(-128, 128))
    inputs = np.concatenate([left.ravel(), right.ravel()]).astype(np.int8).reshape(1, 1, -1)
    for name in ("ADD", "SUB", "MUL"):
        exactness.check(gate([(1, 65536), (1, 65536)], name), inputs)


def test_the_same_tensor_twice(exactness: Exactness) -> None:
    for name in ("ADD", "SUB", "MUL"):
        builder = ModelBuilder()
        x = builder.tensor((1, 256), scale=0.1, zero_point=-3)
        y = builder.tensor((1, 256), scale=0.3, zero_point=7)
        builder.operator(name, (x, x), (y,), name.capitalize())
        exactness.check(builder.build((x,), (y,)), random_inputs(2, (1, 256)))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (gate([(2, 3), (1, 3)], "ADD", fusedActivationFunction=4), "fused activation TANH"),
        (gate([(2, 1, 2, 1, 2, 1), (1, 3, 1, 3, 1, 3)], "MUL"), "more than four loops"),
    ],
)
def test_refusals(model: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        compile_model(model, "m")
