"""BATCH_MATMUL and TRANSPOSE_CONV: every byte is TFLite-Micro's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from exactness import CaseBuilder, Exactness, Quantised, few, quantisations, seeds, several
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

zero_points = st.one_of(st.integers(-128, 127), st.sampled_from([-128, 0, 127]))


@dataclass(frozen=True)
class Product:
    batches: tuple[int, ...]
    repeated: tuple[int, ...]
    """For each batch axis: 0 neither operand is repeated along it, 1 or 2 that one is."""
    rows: int
    depth: int
    columns: int
    adjoint_x: bool
    adjoint_y: bool
    constant: int
    """Which operand is a constant: 1 or 2; 0 none of them."""
    first: Quantised
    second: Quantised
    zero_point: int
    ratio: float
    """Of the output's range to the products'."""
    seed: int

    def shape(self, operand: int) -> tuple[int, ...]:
        batches = (
            1 if repeated == operand else length
            for length, repeated in zip(self.batches, self.repeated, strict=True)
        )
        sides = (self.rows, self.depth) if operand == 1 else (self.depth, self.columns)
        turned = self.adjoint_x if operand == 1 else self.adjoint_y
        return (*batches, *(reversed(sides) if turned else sides))

    @property
    def target(self) -> Quantised:
        scale = self.first.scale * self.second.scale * self.depth**0.5 * 64 * 2.0**self.ratio
        return Quantised(float(np.float32(scale)), self.zero_point)


@st.composite
def products(draw: st.DrawFn) -> Product:
    batches = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    return Product(
        batches=batches,
        repeated=tuple(draw(st.integers(0, 2)) for _ in batches),
        rows=draw(st.integers(1, 6)),
        depth=draw(st.integers(1, 19)),
        columns=draw(st.integers(1, 6)),
        adjoint_x=draw(st.booleans()),
        adjoint_y=draw(st.booleans()),
        constant=draw(st.integers(0, 2)),
        first=draw(quantisations),
        second=draw(quantisations),
        zero_point=draw(zero_points),
        ratio=draw(st.floats(-5, 3)),
        seed=draw(seeds),
    )


def add_product(builder: CaseBuilder, case: Product) -> None:
    operands = []
    for place, kind in ((1, case.first), (2, case.second)):
        shape = case.shape(place)
        if case.constant == place:
            data = np.random.default_rng(case.seed).integers(-128, 128, shape, dtype=np.int8)
            operand = builder.tensor(shape, scale=kind.scale, zero_point=kind.zero_point, data=data)
        else:
            operand = builder.operand(shape, kind)
        operands.append(operand)
    output = builder.output((*case.batches, case.rows, case.columns), case.target)
    builder.operator(
        "BATCH_MATMUL", tuple(operands), (output,), "BatchMatMul",
        adjX=case.adjoint_x, adjY=case.adjoint_y, version=2,
    )  # fmt: skip


@few
@given(cases=several(products()), seed=seeds)
def test_batch_matmul(exactness: Exactness, cases: list[Product], seed: int) -> None:
    exactness.check_cases(cases, add_product, seed)


def test_sums_that_are_halves_of_a_step(exactness: Exactness) -> None:
    """The last bit of the multiplier decides which way these go."""
    random = np.random.default_rng(0)
    cases = [
        Product(
            (), (), 4, 1, 6, False, False, 0,
            first=Quantised(float(np.float32(2.0 ** random.uniform(-6, 1))), 0),
            second=Quantised(float(np.float32(2.0 ** random.uniform(-6, 1))), 2),
            zero_point=0, ratio=float(ratio), seed=0,
        )
        for ratio in random.integers(-7, 1, 8)
    ]  # fmt: skip
    exactness.check_cases(cases, add_product, 0)


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_largest_sums_of_batch_matmul(exactness: Exactness, sign: int) -> None:
    low, high = Quantised(2.0**-4, -128), Quantised(2.0**-4, 127)
    case = Product(
        (), (), 2, 33000, 2, False, False, 0,
        first=low, second=low if sign > 0 else high, zero_point=0, ratio=-1.0, seed=0,
    )  # fmt: skip
    exactness.check_cases([case], add_product, 0)


def test_a_product_of_constants_is_refused() -> None:
    builder = CaseBuilder()
    x, y = (builder.tensor((2, 2), scale=1.0, data=np.ones((2, 2), np.int8)) for _ in range(2))
    output = builder.output((2, 2), Quantised(1.0, 0))
    builder.operator("BATCH_MATMUL", (x, y), (output,), "BatchMatMul")
    builder.operand((1, 1), Quantised(1.0, 0))
    with pytest.raises(BadInput, match=r"0 BATCH_MATMUL .* both inputs are constants"):
        compile_model(builder.finish(), "m")


def product_model(first: tuple[int, ...], second: tuple[int, ...], out: tuple[int, ...]) -> bytes:
    builder = ModelBuilder()
    x, y = builder.tensor(first, scale=0.5), builder.tensor(second, scale=0.5)
    made = builder.tensor(out, scale=0.5)
    builder.operator("BATCH_MATMUL", (x, y), (made,), "BatchMatMul")
    return builder.build((x, y), (made,))


@pytest.mark.parametrize(
    ("first", "second", "out", "why"),
    [
        ((2, 3), (4, 5), (2, 5), "it multiplies"),
        ((2, 4, 3), (3, 3, 5), (2, 4, 5), "its batches are"),
        ((4, 3), (3, 5), (4, 4), "its output is"),
        ((1, 33100), (33100, 1), (1, 1), "may overflow 32 bits"),
    ],
)
def test_products_that_do_not_fit_are_refused(
    first: tuple[int, ...], second: tuple[int, ...], out: tuple[int, ...], why: str
) -> None:
    with pytest.raises(BadInput, match=rf"0 BATCH_MATMUL .*{why}"):
        compile_model(product_model(first, second, out), "m")


@dataclass(frozen=True)
class Spread:
    batches: int
    source: tuple[int, int]
    filters: tuple[int, int]
    strides: tuple[int, int]
    depth: int
    channels: int
    padding: int
    more: tuple[int, int]
    """Outputs beyond the fewest that have so many inputs: below the stride."""
    per_channel: bool
    biased: bool
    activation: int
    kind: Quantised
    zero_point: int
    ratio: float
    seed: int

    @property
    def size(self) -> tuple[int, int]:
        axes = zip(self.source, self.filters, self.strides, self.more, strict=True)
        high, wide = (
            (inputs - 1) * stride + 1 + more % stride
            if self.padding == 0
            else (inputs - 1) * stride + taps + more % stride
            for inputs, taps, stride, more in axes
        )
        return high, wide


@st.composite
def spreads(draw: st.DrawFn) -> Spread:
    def two(low: int, high: int) -> tuple[int, int]:
        return draw(st.integers(low, high)), draw(st.integers(low, high))

    return Spread(
        batches=draw(st.integers(1, 2)),
        source=two(1, 5),
        filters=two(1, 5),
        strides=two(1, 4),
        depth=draw(st.integers(1, 9)),
        channels=draw(st.integers(1, 5)),
        padding=draw(st.integers(0, 1)),
        more=two(0, 3),
        per_channel=draw(st.booleans()),
        biased=draw(st.booleans()),
        activation=draw(st.sampled_from((0, 1, 3))),
        kind=draw(quantisations),
        zero_point=draw(zero_points),
        ratio=draw(st.floats(-3, 4)),
        seed=draw(seeds),
    )


def add_spread(builder: CaseBuilder, case: Spread) -> None:
    random = np.random.default_rng(case.seed)
    count = case.channels if case.per_channel else 1
    scales = (random.uniform(0.5, 1.5, count) * 0.01).astype(np.float32)
    shape = (case.channels, *case.filters, case.depth)
    data = random.integers(-127, 128, shape, dtype=np.int8)
    weights = builder.tensor(shape, scale=scales, data=data)
    source = builder.operand((case.batches, *case.source, case.depth), case.kind)
    target = (case.batches, *case.size, case.channels)
    scale = case.kind.scale * 0.01 * case.depth**0.5 * 64 * 2.0**case.ratio
    output = builder.output(target, Quantised(float(np.float32(scale)), case.zero_point))
    inputs = [builder.integers(*target), weights, source]
    if case.biased:
        bias = random.integers(-20000, 20000, case.channels).astype(np.int32)
        inputs.append(
            builder.tensor(
                (case.channels,), dtype=DType.INT32, data=bias, scale=scales * case.kind.scale
            )
        )
    builder.operator(
        "TRANSPOSE_CONV", tuple(inputs), (output,), "TransposeConv",
        padding=case.padding, strideH=case.strides[0], strideW=case.strides[1],
        fusedActivationFunction=case.activation, version=4,
    )  # fmt: skip


@few
@given(cases=several(spreads()), seed=seeds)
def test_transpose_conv(exactness: Exactness, cases: list[Spread], seed: int) -> None:
    exactness.check_cases(cases, add_spread, seed)
