"""MEAN, pooling and SOFTMAX."""

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
    seeds,
    several,
)
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput


@dataclass(frozen=True)
class Mean:
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    keep: bool
    source: Quantised
    ratio: float
    zero_point: int


@st.composite
def means(draw: st.DrawFn) -> Mean:
    rank = draw(st.integers(2, 4))
    axes = draw(st.sets(st.integers(0, rank - 1), min_size=1))
    signs = draw(st.booleans())
    return Mean(
        shape=tuple(draw(st.lists(st.integers(1, 9), min_size=rank, max_size=rank))),
        axes=tuple(axis - rank if signs else axis for axis in sorted(axes)),
        keep=draw(st.booleans()),
        source=draw(quantisations),
        ratio=draw(st.floats(-4, 2)),
        zero_point=draw(st.integers(-128, 127)),
    )


def add_mean(builder: CaseBuilder, case: Mean) -> None:
    source = builder.operand(case.shape, case.source)
    rank = len(case.shape)
    reduced = {axis % rank for axis in case.axes}
    shape = [
        1 if a in reduced else n for a, n in enumerate(case.shape) if case.keep or a not in reduced
    ]
    target = Quantised(float(np.float32(case.source.scale * 2.0**case.ratio)), case.zero_point)
    output = builder.output(shape or [1], target)
    builder.operator(
        "MEAN",
        (source, builder.integers(*case.axes)),
        (output,),
        "Reducer",
        version=2,
        keepDims=case.keep,
    )


@few
@given(cases=several(means()), seed=seeds)
def test_mean_over_any_axes(exactness: Exactness, cases: list[Mean], seed: int) -> None:
    exactness.check_cases(cases, add_mean, seed)


def test_mean_of_a_whole_spectrogram(exactness: Exactness) -> None:
    kind = Quantised(1 / 32, 0)
    cases = [
        Mean((1, 150, 40, 1), (1, 2), True, kind, -3.0, 5),
        Mean((1, 38, 10, 24), (1, 2), True, kind, -1.5, -9),
    ]
    exactness.check_cases(cases, add_mean, 3)


@dataclass(frozen=True)
class Pool:
    name: str
    shape: tuple[int, int, int, int]
    window: tuple[int, int]
    strides: tuple[int, int]
    same: bool
    kind: Quantised
    activation: int


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    shape = tuple(draw(st.integers(1, top)) for top in (2, 9, 9, 10))
    same = draw(st.booleans())
    window = tuple(draw(st.integers(1, 9 if same else n)) for n in shape[1:3])
    return Pool(
        name=draw(st.sampled_from(["AVERAGE_POOL_2D", "MAX_POOL_2D"])),
        shape=(shape[0], shape[1], shape[2], shape[3]),
        window=(window[0], window[1]),
        strides=(draw(st.integers(1, 4)), draw(st.integers(1, 4))),
        same=same,
        kind=draw(quantisations),
        activation=draw(st.sampled_from([0, 0, 1, 3])),
    )


def add_pool(builder: CaseBuilder, case: Pool) -> None:
    source = builder.operand(case.shape, case.kind)
    sizes = [
        -(-length // stride) if case.same else (length - window) // stride + 1
        for length, window, stride in zip(case.shape[1:3], case.window, case.strides, strict=True)
    ]
    output = builder.output((case.shape[0], *sizes, case.shape[3]), case.kind)
    builder.operator(
        case.name,
        (source,),
        (output,),
        "Pool2D",
        padding=0 if case.same else 1,
        filterHeight=case.window[0],
        filterWidth=case.window[1],
        strideH=case.strides[0],
        strideW=case.strides[1],
        fusedActivationFunction=case.activation,
    )


@few
@given(cases=several(pools()), seed=seeds)
def test_pooling(exactness: Exactness, cases: list[Pool], seed: int) -> None:
    exactness.check_cases(cases, add_pool, seed)


@dataclass(frozen=True)
class Softmax:
    shape: tuple[int, ...]
    source: Quantised
    beta: float


softmaxes = st.builds(
    Softmax,
    st.lists(st.integers(1, 12), min_size=1, max_size=4).map(tuple),
    quantisations,
    st.sampled_from([1.0, 0.5, 3.0]),
)


def add_softmax(builder: CaseBuilder, case: Softmax) -> None:
    source = builder.operand(case.shape, case.source)
    output = builder.output(case.shape, Quantised(1 / 256, -128))
    builder.operator("SOFTMAX", (source,), (output,), "Softmax", beta=case.beta)


@few
@given(cases=several(softmaxes), seed=seeds)
def test_softmax(exactness: Exactness, cases: list[Softmax], seed: int) -> None:
    exactness.check_cases(cases, add_softmax, seed)


def test_softmax_of_many_classes(exactness: Exactness) -> None:
    cases = [Softmax((1, 511), Quantised(scale, 4), 1.0) for scale in (0.001, 0.1)]
    exactness.check_cases(cases, add_softmax, 5)


def test_softmax_of_more_classes_than_the_oracle_can_sum(exactness: Exactness) -> None:
    builder = CaseBuilder()
    add_softmax(builder, Softmax((1, 4096), Quantised(0.1, 0), 1.0))
    inputs = np.zeros((2, 1, 4096), np.int8)
    inputs[1, 0, 9] = 127
    even, peak = exactness.build(compile_model(builder.finish(), "m")).outputs(inputs)
    assert (even == -128).all()
    share = round(256 / (1 + 4095 * np.exp(-12.7)))
    # The small shares are held to 2^-19 each, and there are 4095 of them.
    assert abs(peak[0, 9] - (share - 128)) <= 2
    assert (np.delete(peak[0], 9) == -128).all()


def add_log_softmax(builder: CaseBuilder, case: Softmax) -> None:
    source = builder.operand(case.shape, case.source)
    output = builder.output(case.shape, Quantised(1 / 16, 127))
    builder.operator("LOG_SOFTMAX", (source,), (output,), "LogSoftmax")


@few
@given(cases=several(softmaxes), seed=seeds)
def test_log_softmax(exactness: Exactness, cases: list[Softmax], seed: int) -> None:
    exactness.check_cases(cases, add_log_softmax, seed)


def test_log_softmax_of_many_classes(exactness: Exactness) -> None:
    cases = [Softmax((1, 4095), Quantised(scale, 4), 1.0) for scale in (0.001, 0.1, 1.0)]
    cases += [Softmax((1, 2), Quantised(2.0**-scale, 4), 1.0) for scale in range(-3, 26, 2)]
    exactness.check_cases(cases, add_log_softmax, 5)


def test_log_softmax_that_cannot_be_computed_is_refused() -> None:
    assert "4095 are the most" in refused(
        add_log_softmax, Softmax((1, 4096), Quantised(0.1, 0), 1.0)
    )
    tiny = Softmax((1, 4), Quantised(2.0**-26, 0), 1.0)
    assert "too small to compute with" in refused(add_log_softmax, tiny)


def refused(add: object, case: object) -> str:
    builder = CaseBuilder()
    assert callable(add)
    add(builder, case)
    with pytest.raises(BadInput) as caught:
        compile_model(builder.finish(), "m")
    return caught.value.message


def test_refusals_name_layer_and_reason() -> None:
    message = refused(add_softmax, Softmax((1, 4097), Quantised(0.1, 0), 1.0))
    assert message.startswith("operator 2 SOFTMAX (tensor_7) cannot be compiled: it has 4097")
    scattered = Mean((2, 3, 2, 3, 2), (0, 2, 4), True, Quantised(0.1, 0), 0.0, 0)
    assert "more than two groups" in refused(add_mean, scattered)
