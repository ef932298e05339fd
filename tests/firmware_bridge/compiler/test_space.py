"""GATHER, GATHER_ND, DEPTH_TO_SPACE, SPACE_TO_DEPTH and RESIZE_BILINEAR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from exactness import CaseBuilder, Exactness, Quantised, few, seeds, several
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

PLAIN = Quantised(0.1, 7)
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Gather:
    shape: Shape
    axis: int
    indices: tuple[int, ...]
    negative: bool


@st.composite
def gathers(draw: st.DrawFn) -> Gather:
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    axis = draw(st.integers(0, len(shape) - 1))
    indices = draw(st.lists(st.integers(0, shape[axis] - 1), min_size=1, max_size=6))
    return Gather(shape, axis, tuple(indices), draw(st.booleans()))


def add_gather(builder: CaseBuilder, case: Gather) -> None:
    shape = (*case.shape[: case.axis], len(case.indices), *case.shape[case.axis + 1 :])
    inputs = (builder.operand(case.shape, PLAIN), builder.integers(*case.indices))
    axis = case.axis - len(case.shape) if case.negative else case.axis
    builder.operator("GATHER", inputs, (builder.output(shape, PLAIN),), "Gather", axis=axis)


@few
@given(cases=several(gathers()), seed=seeds)
def test_gather(exactness: Exactness, cases: list[Gather], seed: int) -> None:
    exactness.check_cases(cases, add_gather, seed)


@pytest.mark.parametrize("indices", [(3,), (-1, 0)])
def test_gather_from_outside_is_refused(indices: tuple[int, ...]) -> None:
    builder = CaseBuilder()
    add_gather(builder, Gather((2, 3), 1, indices, False))
    with pytest.raises(BadInput, match=r"GATHER .* an index is outside of 0 to 2"):
        compile_model(builder.finish(), "m")


@dataclass(frozen=True)
class Picked:
    shape: Shape
    places: tuple[Shape, ...]


@st.composite
def picks(draw: st.DrawFn) -> Picked:
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    count = draw(st.integers(1, len(shape)))
    place = st.tuples(*(st.integers(0, length - 1) for length in shape[:count]))
    return Picked(shape, tuple(draw(st.lists(place, min_size=1, max_size=6))))


def add_picked(builder: CaseBuilder, case: Picked, *, kind: DType = DType.INT32) -> None:
    places = np.asarray(case.places, kind.numpy)
    if len(places) % 2 == 0:
        places = places.reshape(2, -1, places.shape[1])
    indices = builder.tensor(places.shape, dtype=kind, data=places)
    output = builder.output((*places.shape[:-1], *case.shape[places.shape[-1] :]), PLAIN)
    inputs = (builder.operand(case.shape, PLAIN), indices)
    builder.operator("GATHER_ND", inputs, (output,), "GatherNd")


@few
@given(cases=several(picks()), seed=seeds)
def test_gather_nd(exactness: Exactness, cases: list[Picked], seed: int) -> None:
    exactness.check_cases(cases, add_picked, seed)


@pytest.mark.parametrize(
    ("case", "kind", "reason"),
    [
        (Picked((2, 3), ((1, 3),)), DType.INT32, r"an index is outside of \[2, 3\]"),
        (Picked((2, 3), ((-1,),)), DType.INT32, r"an index is outside of \[2\]"),
        (Picked((2,), ((0, 0),)), DType.INT32, "it picks by 2 indices of 1 axes"),
        (Picked((1,) * 6, ((0,) * 6,)), DType.INT32, "it picks by 6 indices of 6 axes"),
        (Picked((2, 3), ((1, 2),)), DType.INT64, "input 1 is int64, not int32"),
    ],
)
def test_what_cannot_be_picked_is_refused(case: Picked, kind: DType, reason: str) -> None:
    builder = CaseBuilder()
    add_picked(builder, case, kind=kind)
    with pytest.raises(BadInput, match=f"GATHER_ND .* {reason}"):
        compile_model(builder.finish(), "m")


@dataclass(frozen=True)
class Blocks:
    batches: int
    height: int
    width: int
    channels: int
    size: int


blocks = st.builds(Blocks, *(st.integers(1, 3) for _ in range(5)))


def add_blocks(builder: CaseBuilder, case: Blocks) -> None:
    size = case.size
    deep = (case.batches, case.height, case.width, case.channels * size**2)
    wide = (case.batches, case.height * size, case.width * size, case.channels)
    for name, options, source, target in (
        ("DEPTH_TO_SPACE", "DepthToSpace", deep, wide),
        ("SPACE_TO_DEPTH", "SpaceToDepth", wide, deep),
    ):
        x, y = builder.operand(source, PLAIN), builder.output(target, PLAIN)
        builder.operator(name, (x,), (y,), options, blockSize=size)


@few
@given(cases=several(blocks), seed=seeds)
def test_depth_to_space_and_back(exactness: Exactness, cases: list[Blocks], seed: int) -> None:
    exactness.check_cases(cases, add_blocks, seed)


@pytest.mark.parametrize(
    ("kind", "options"), [("DEPTH_TO_SPACE", "DepthToSpace"), ("SPACE_TO_DEPTH", "SpaceToDepth")]
)
def test_blocks_that_do_not_fit_are_refused(kind: str, options: str) -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor((1, 3, 3, 6), scale=0.5) for _ in range(2))
    builder.operator(kind, (x,), (y,), options, blockSize=2)
    with pytest.raises(BadInput, match=f"0 {kind} .* it makes blocks of 2 by 2 of"):
        compile_model(builder.build((x,), (y,)), "m")


@dataclass(frozen=True)
class Resize:
    batches: int
    source: tuple[int, int]
    target: tuple[int, int]
    channels: int
    corners: bool
    centres: bool


sides = st.tuples(st.integers(1, 9), st.integers(1, 9))
resizes = st.builds(
    Resize, st.integers(1, 2), sides, sides, st.integers(1, 4), st.booleans(), st.booleans()
)


def add_resize(builder: CaseBuilder, case: Resize) -> None:
    source = builder.operand((case.batches, *case.source, case.channels), PLAIN)
    output = builder.output((case.batches, *case.target, case.channels), PLAIN)
    centres = case.centres and not case.corners
    fields = {"alignCorners": case.corners, "halfPixelCenters": centres}
    inputs = (source, builder.integers(*case.target))
    builder.operator("RESIZE_BILINEAR", inputs, (output,), "ResizeBilinear", version=3, **fields)


@few
@given(cases=several(resizes), seed=seeds)
def test_resize_bilinear(exactness: Exactness, cases: list[Resize], seed: int) -> None:
    exactness.check_cases(cases, add_resize, seed)


def test_corners_and_centres_at_once_are_refused() -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor((1, 3, 3, 1), scale=0.5) for _ in range(2))
    fields = {"alignCorners": True, "halfPixelCenters": True}
    inputs = (x, builder.integers(3, 3))
    builder.operator("RESIZE_BILINEAR", inputs, (y,), "ResizeBilinear", **fields)
    with pytest.raises(BadInput, match=r"0 RESIZE_BILINEAR .* it aligns corners and takes centres"):
        compile_model(builder.build((x,), (y,)), "m")
