"""Operators that only move bytes."""

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
from quantize.tflite.schema import DType

PLAIN = Quantised(0.1, 7)
Shape = tuple[int, ...]
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@dataclass(frozen=True)
class Parts:
    shape: Shape
    axis: int
    lengths: tuple[int, ...]
    negative: bool


@st.composite
def parts(draw: st.DrawFn) -> Parts:
    shape = draw(shapes)
    axis = draw(st.integers(0, len(shape) - 1))
    lengths = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    return Parts(shape, axis, lengths, draw(st.booleans()))


def add_concatenation(builder: CaseBuilder, case: Parts) -> None:
    def shape(length: int) -> Shape:
        return (*case.shape[: case.axis], length, *case.shape[case.axis + 1 :])

    operands = tuple(builder.operand(shape(length), PLAIN) for length in case.lengths)
    output = builder.output(shape(sum(case.lengths)), PLAIN)
    axis = case.axis - len(case.shape) if case.negative else case.axis
    builder.operator("CONCATENATION", operands, (output,), "Concatenation", axis=axis)


@few
@given(cases=several(parts()), seed=seeds)
def test_concatenation(exactness: Exactness, cases: list[Parts], seed: int) -> None:
    exactness.check_cases(cases, add_concatenation, seed)


@few
@given(cases=several(parts()), seed=seeds, packs=st.booleans())
def test_constants_are_joined_too(
    exactness: Exactness, cases: list[Parts], seed: int, packs: bool
) -> None:
    """As class tokens of transformers, and frames of silence before the first."""
    random = np.random.default_rng(seed)

    def add(builder: CaseBuilder, case: Parts) -> None:
        lengths = [case.lengths[0]] * 3 if packs else [*case.lengths, 2, 1]
        rest = case.shape[: case.axis], case.shape[case.axis + 1 :]
        operands = []
        for place, length in enumerate(lengths):
            shape = (*rest[0], length, *rest[1])
            data = random.integers(-128, 128, shape, dtype=np.int8)
            kind = {"scale": PLAIN.scale, "zero_point": PLAIN.zero_point}
            # The first is computed, and others at random.
            computed = place == 0 or bool(random.integers(2))
            operands.append(
                builder.operand(shape, PLAIN)
                if computed
                else builder.tensor(shape, data=data, **kind)
            )
        if packs:
            output = builder.output((3, *rest[0], lengths[0], *rest[1]), PLAIN)
            fields = {"axis": 0, "valuesCount": 3}
            builder.operator("PACK", tuple(operands), (output,), "Pack", version=2, **fields)
        else:
            output = builder.output((*rest[0], sum(lengths), *rest[1]), PLAIN)
            order = tuple(operands[::-1])
            builder.operator("CONCATENATION", order, (output,), "Concatenation", axis=case.axis)

    exactness.check_cases(cases, add, seed)


def add_split(builder: CaseBuilder, case: Parts) -> None:
    count = len(case.lengths)
    whole = (*case.shape[: case.axis], 2 * count, *case.shape[case.axis + 1 :])
    piece = (*case.shape[: case.axis], 2, *case.shape[case.axis + 1 :])
    source = builder.operand(whole, PLAIN)
    axis = case.axis - len(case.shape) if case.negative else case.axis
    data = np.asarray(axis, dtype=np.int32)
    where = builder.tensor((), dtype=DType.INT32, data=data)
    outputs = [builder.tensor(piece, scale=PLAIN.scale) for _ in case.lengths]
    builder.operator("SPLIT", (where, source), tuple(outputs), "Split", numSplits=count)
    joined = builder.output(whole, Quantised(PLAIN.scale, 0))
    # In another order, so that every part is looked at.
    order = tuple(outputs[::-1])
    builder.operator("CONCATENATION", order, (joined,), "Concatenation", axis=case.axis)


@few
@given(cases=several(parts()), seed=seeds)
def test_split(exactness: Exactness, cases: list[Parts], seed: int) -> None:
    exactness.check_cases(cases, add_split, seed)


def add_split_v(builder: CaseBuilder, case: Parts) -> None:
    def shape(length: int) -> Shape:
        return (*case.shape[: case.axis], length, *case.shape[case.axis + 1 :])

    source = builder.operand(shape(sum(case.lengths)), PLAIN)
    axis = case.axis - len(case.shape) if case.negative else case.axis
    where = builder.tensor((), dtype=DType.INT32, data=np.asarray(axis, dtype=np.int32))
    outputs = [builder.tensor(shape(n), scale=PLAIN.scale) for n in case.lengths]
    inputs = (source, builder.integers(*case.lengths), where)
    count = len(outputs)
    builder.operator("SPLIT_V", inputs, tuple(outputs), "SplitV", numSplits=count, version=2)
    joined = builder.output(shape(sum(case.lengths)), Quantised(PLAIN.scale, 0))
    order = tuple(outputs[::-1])
    builder.operator("CONCATENATION", order, (joined,), "Concatenation", axis=case.axis)


@few
@given(cases=several(parts()), seed=seeds)
def test_split_v(exactness: Exactness, cases: list[Parts], seed: int) -> None:
    exactness.check_cases(cases, add_split_v, seed)


def split_v(lengths: tuple[int, ...]) -> bytes:
    builder = ModelBuilder()
    x = builder.tensor((1, 6), scale=0.5)
    made = tuple(builder.tensor((1, n), scale=0.5, name=f"part {n}") for n in (4, 2))
    inputs = (x, builder.integers(*lengths), builder.integers(1))
    builder.operator("SPLIT_V", inputs, made, "SplitV", numSplits=2, version=2)
    return builder.build((x,), made)


def test_one_length_of_split_v_may_be_what_is_left(exactness: Exactness) -> None:
    compiled = compile_model(split_v((4, -1)), "m")
    values = np.arange(6, dtype=np.int8).reshape(1, 1, 6)
    first, second = exactness.build(compiled).all_outputs(values)
    assert (first.tolist(), second.tolist()) == ([[[0, 1, 2, 3]]], [[[4, 5]]])


@pytest.mark.parametrize("lengths", [(2, 4), (-1, -1), (6,), (4, 3)])
def test_split_v_into_other_lengths_than_its_outputs_is_refused(lengths: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match=r"0 SPLIT_V \(part 4\) cannot be compiled: it splits into"):
        compile_model(split_v(lengths), "m")


def add_pack(builder: CaseBuilder, case: Parts) -> None:
    operands = tuple(builder.operand(case.shape, PLAIN) for _ in case.lengths)
    shape = (*case.shape[: case.axis], len(operands), *case.shape[case.axis :])
    axis = case.axis - len(shape) if case.negative else case.axis
    output = builder.output(shape, PLAIN)
    count = len(operands)
    builder.operator("PACK", operands, (output,), "Pack", axis=axis, valuesCount=count, version=2)


@few
@given(cases=several(parts()), seed=seeds)
def test_pack(exactness: Exactness, cases: list[Parts], seed: int) -> None:
    exactness.check_cases(cases, add_pack, seed)


@dataclass(frozen=True)
class Transpose:
    shape: Shape
    order: tuple[int, ...]


transposes = shapes.flatmap(
    lambda shape: st.permutations(range(len(shape))).map(
        lambda order: Transpose(shape, tuple(order))
    )
)


def add_transpose(builder: CaseBuilder, case: Transpose) -> None:
    source = builder.operand(case.shape, PLAIN)
    output = builder.output([case.shape[axis] for axis in case.order], PLAIN)
    builder.operator("TRANSPOSE", (source, builder.integers(*case.order)), (output,), "Transpose")


@few
@given(cases=several(transposes), seed=seeds)
def test_transpose(exactness: Exactness, cases: list[Transpose], seed: int) -> None:
    exactness.check_cases(cases, add_transpose, seed)


@dataclass(frozen=True)
class Slice:
    shape: Shape
    begins: tuple[int, ...]
    ends: tuple[int, ...]
    strides: tuple[int, ...]
    begin_mask: int
    end_mask: int
    shrink_mask: int


@st.composite
def slices(draw: st.DrawFn) -> Slice:
    shape = draw(shapes)
    bounds, masks = [], [draw(st.integers(0, 15)) for _ in range(3)]
    for axis, length in enumerate(shape):
        first = draw(st.integers(0, length - 1))
        last = draw(st.integers(0, length - 1))
        step = draw(st.integers(1, 3)) * (1 if first <= last else -1)
        begin_is_free, end_is_free, shrinks = (mask >> axis & 1 for mask in masks)
        # What is left out counts from the end that the stride walks away from.
        if shrinks or (begin_is_free and step < 0) or (end_is_free and step < 0):
            step = 1
            first, last = min(first, last), max(first, last)
        end = last + (1 if step > 0 else -1)
        if end < 0:
            end = -length - 1
        begin = first - length if draw(st.booleans()) else first
        bounds.append((begin, end, step))
    begins, ends, strides = zip(*bounds, strict=True)
    return Slice(shape, begins, ends, strides, *masks)


def add_slice(builder: CaseBuilder, case: Slice) -> None:
    source = builder.operand(case.shape, PLAIN)
    picked = []
    for axis, length in enumerate(case.shape):
        begin, end, step = case.begins[axis], case.ends[axis], case.strides[axis]
        if case.shrink_mask >> axis & 1:
            continue
        bounds = slice(
            None if case.begin_mask >> axis & 1 else begin,
            None if case.end_mask >> axis & 1 else end,
            step,
        )
        picked.append(len(range(length)[bounds]))
    output = builder.output(picked or [1], PLAIN)
    if not picked:
        builder._tensors[output].shape = np.zeros(0, np.int32)
    bounds_inputs = (builder.integers(*case.begins), builder.integers(*case.ends))
    builder.operator(
        "STRIDED_SLICE",
        (source, *bounds_inputs, builder.integers(*case.strides)),
        (output,),
        "StridedSlice",
        beginMask=case.begin_mask,
        endMask=case.end_mask,
        shrinkAxisMask=case.shrink_mask,
    )


@few
@given(cases=several(slices()), seed=seeds)
def test_strided_slice(exactness: Exactness, cases: list[Slice], seed: int) -> None:
    exactness.check_cases(cases, add_slice, seed)


@dataclass(frozen=True)
class Pad:
    shape: Shape
    widths: tuple[tuple[int, int], ...]
    value: int | None
    target: Quantised


@st.composite
def pads(draw: st.DrawFn) -> Pad:
    shape = draw(shapes)
    width = st.one_of(st.just((0, 0)), st.tuples(st.integers(0, 3), st.integers(0, 3)))
    return Pad(
        shape=shape,
        widths=tuple(draw(width) for _ in shape),
        value=draw(st.one_of(st.none(), st.integers(-128, 127))),
        target=draw(quantisations),
    )


def add_pad(builder: CaseBuilder, case: Pad) -> None:
    kind = case.target
    source = builder.operand(case.shape, kind)
    widths = np.asarray(case.widths, dtype=np.int32)
    inputs = [source, builder.tensor(widths.shape, dtype=DType.INT32, data=widths)]
    name, options = "PAD", "Pad"
    if case.value is not None:
        data = np.asarray([case.value], dtype=np.int8)
        inputs.append(builder.tensor((1,), scale=kind.scale, zero_point=kind.zero_point, data=data))
        name, options = "PADV2", "PadV2"
    sizes = [a + n + b for n, (a, b) in zip(case.shape, case.widths, strict=True)]
    builder.operator(name, tuple(inputs), (builder.output(sizes, kind),), options)


@few
@given(cases=several(pads()), seed=seeds)
def test_pad(exactness: Exactness, cases: list[Pad], seed: int) -> None:
    exactness.check_cases(cases, add_pad, seed)


@dataclass(frozen=True)
class Resize:
    shape: tuple[int, int, int, int]
    size: tuple[int, int]
    align_corners: bool
    half_pixel_centers: bool


resizes = st.builds(
    Resize,
    st.tuples(st.integers(1, 2), st.integers(1, 7), st.integers(1, 7), st.integers(1, 5)),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.booleans(),
    st.booleans(),
)


def add_resize(builder: CaseBuilder, case: Resize) -> None:
    source = builder.operand(case.shape, PLAIN)
    output = builder.output((case.shape[0], *case.size, case.shape[3]), PLAIN)
    builder.operator(
        "RESIZE_NEAREST_NEIGHBOR",
        (source, builder.integers(*case.size)),
        (output,),
        "ResizeNearestNeighbor",
        alignCorners=case.align_corners,
        halfPixelCenters=case.half_pixel_centers,
    )


@few
@given(cases=several(resizes), seed=seeds)
def test_resize_nearest_neighbor(exactness: Exactness, cases: list[Resize], seed: int) -> None:
    exactness.check_cases(cases, add_resize, seed)


def views() -> bytes:
    """Three views in a row, then something that computes."""
    builder = ModelBuilder()
    x = builder.tensor((1, 4, 6), scale=0.1)
    wide = builder.tensor((1, 4, 1, 6), scale=0.1)
    flat = builder.tensor((4, 6), scale=0.1)
    again = builder.tensor((1, 24), scale=0.1)
    y = builder.tensor((1, 24), scale=1 / 128)
    axis = builder.tensor((), dtype=DType.INT32, data=np.asarray(2, dtype=np.int32))
    builder.operator("EXPAND_DIMS", (x, axis), (wide,), "ExpandDims")
    builder.operator("SQUEEZE", (wide,), (flat,), "Squeeze", squeezeDims=[0, 2])
    builder.operator("RESHAPE", (flat, builder.integers(1, -1)), (again,), "Reshape")
    builder.operator("TANH", (again,), (y,))
    return builder.build((x,), (y,))


def test_views_cost_nothing(exactness: Exactness) -> None:
    compiled = exactness.check(views(), random_inputs(4, (1, 4, 6)))
    assert [call.function for call in compiled.calls] == [None, None, None, "i8_lookup"]
    # All five tensors lie in the same bytes: the table is looked up in place.
    assert len(set(compiled.plan.tensor_offsets.values())) == 1
    assert compiled.arena_bytes == 32


def joined_with(scale: float) -> bytes:
    builder = CaseBuilder()
    operands = (builder.operand((1, 3), PLAIN), builder.operand((1, 3), Quantised(scale, 7)))
    output = builder.output((1, 6), PLAIN)
    builder.operator("CONCATENATION", operands, (output,), "Concatenation", axis=1)
    return builder.finish()


def test_joining_different_scales_is_refused_as_the_oracle_does() -> None:
    with pytest.raises(BadInput, match=r"CONCATENATION .* 0\.2 and 7 on|scale 0\.2 and zero"):
        compile_model(joined_with(0.2), "m")
