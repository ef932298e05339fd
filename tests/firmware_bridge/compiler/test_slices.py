"""SLICE, UNPACK, REVERSE_V2, BROADCAST_TO, MIRROR_PAD, and images cut into batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from exactness import CaseBuilder, Exactness, Quantised, few, seeds
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput

PLAIN = Quantised(0.1, 7)
Shape = tuple[int, ...]
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@dataclass(frozen=True)
class Slice:
    shape: Shape
    begins: tuple[int, ...]
    sizes: tuple[int, ...]
    open: bool


@st.composite
def slices(draw: st.DrawFn) -> Slice:
    shape = draw(shapes)
    begins = tuple(draw(st.integers(0, length - 1)) for length in shape)
    ends = [draw(st.integers(b + 1, length)) for b, length in zip(begins, shape, strict=True)]
    sizes = tuple(end - begin for end, begin in zip(ends, begins, strict=True))
    return Slice(shape, begins, sizes, draw(st.booleans()))


def add_slice(builder: CaseBuilder, case: Slice) -> None:
    whole = zip(case.shape, case.begins, case.sizes, strict=True)
    sizes = [-1 if case.open and n == size + at else size for n, at, size in whole]
    inputs = (builder.operand(case.shape, PLAIN), builder.integers(*case.begins))
    output = builder.output(case.sizes, PLAIN)
    builder.operator("SLICE", (*inputs, builder.integers(*sizes)), (output,), "Slice")


@pytest.mark.parametrize(("begin", "size"), [(-1, 1), (2, 3), (4, -1), (0, 0), (0, -2)])
def test_slices_beyond_the_input_are_refused(begin: int, size: int) -> None:
    builder = ModelBuilder()
    x, y = builder.tensor((4,), scale=0.5), builder.tensor((1,), scale=0.5)
    builder.operator("SLICE", (x, builder.integers(begin), builder.integers(size)), (y,), "Slice")
    with pytest.raises(BadInput, match=f"0 SLICE .* it takes {size} from {begin} on, of 4"):
        compile_model(builder.build((x,), (y,)), "m")


@dataclass(frozen=True)
class Along:
    shape: Shape
    axis: int
    count: int


alongs = shapes.flatmap(
    lambda shape: st.builds(
        Along, st.just(shape), st.integers(0, len(shape) - 1), st.integers(1, len(shape))
    )
)


def add_unpack(builder: CaseBuilder, case: Along) -> None:
    piece = case.shape[: case.axis] + case.shape[case.axis + 1 :]
    count = case.shape[case.axis]
    source = builder.operand(case.shape, PLAIN)
    kind = {"scale": PLAIN.scale, "zero_point": PLAIN.zero_point}
    parts = [builder.tensor(piece, **kind) for _ in range(count)]
    axis = case.axis - len(case.shape) if case.count == 1 else case.axis
    builder.operator("UNPACK", (source,), tuple(parts), "Unpack", num=count, axis=axis)
    joined = builder.output((count, *piece), PLAIN)
    # In another order, so that every part is looked at.
    fields = {"axis": 0, "valuesCount": count}
    builder.operator("PACK", tuple(parts[::-1]), (joined,), "Pack", version=2, **fields)


def test_unpack_into_another_number_of_parts_is_refused() -> None:
    builder = ModelBuilder()
    x = builder.tensor((3, 2), scale=0.5)
    parts = tuple(builder.tensor((2,), scale=0.5) for _ in range(2))
    builder.operator("UNPACK", (x,), parts, "Unpack", num=2, axis=0)
    with pytest.raises(BadInput, match=r"0 UNPACK .* it makes 2 parts of 3"):
        compile_model(builder.build((x,), parts), "m")


def add_reverse(builder: CaseBuilder, case: Along) -> None:
    axes = range(case.axis, min(case.axis + case.count, len(case.shape)))
    inputs = (builder.operand(case.shape, PLAIN), builder.integers(*axes))
    output = builder.output(case.shape, PLAIN)
    builder.operator("REVERSE_V2", inputs, (output,), "ReverseV2")


def test_reversing_axes_that_are_no_neighbours_is_refused() -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor((2, 3, 2), scale=0.5) for _ in range(2))
    builder.operator("REVERSE_V2", (x, builder.integers(0, 2)), (y,), "ReverseV2")
    with pytest.raises(BadInput, match=r"0 REVERSE_V2 .* it reverses axes \[0, 2\]"):
        compile_model(builder.build((x,), (y,)), "m")


@dataclass(frozen=True)
class Repeat:
    shape: Shape
    repeated: tuple[bool, ...]
    missing: int


@st.composite
def repeats(draw: st.DrawFn) -> Repeat:
    shape = draw(shapes)
    repeated = tuple(draw(st.booleans()) for _ in shape)
    return Repeat(shape, repeated, draw(st.integers(0, len(shape) - 1)))


def add_broadcast(builder: CaseBuilder, case: Repeat) -> None:
    ends = zip(case.shape, case.repeated, strict=True)
    source = tuple(1 if repeated else n for n, repeated in ends)[case.missing :]
    inputs = (builder.operand(source, PLAIN), builder.integers(*case.shape))
    output = builder.output(case.shape, PLAIN)
    builder.operator("BROADCAST_TO", inputs, (output,), "BroadcastTo", version=2)


@dataclass(frozen=True)
class Mirror:
    shape: Shape
    pads: tuple[tuple[int, int], ...]
    symmetric: bool


@st.composite
def mirrors(draw: st.DrawFn) -> Mirror:
    shape = draw(shapes)
    symmetric = draw(st.booleans())
    first = draw(st.integers(0, len(shape) - 1))
    padded = {first, min(first + draw(st.integers(0, 1)), len(shape) - 1)}
    pads = []
    for axis, length in enumerate(shape):
        most = (length - (not symmetric)) if axis in padded else 0
        pads.append((draw(st.integers(0, most)), draw(st.integers(0, most))))
    return Mirror(shape, tuple(pads), symmetric)


def mirror_pad(builder: ModelBuilder, x: int, y: int, case: Mirror) -> None:
    flat = builder.integers(*(width for pad in case.pads for width in pad))
    builder._tensors[flat].shape = [len(case.pads), 2]
    builder.operator("MIRROR_PAD", (x, flat), (y,), "MirrorPad", mode=int(case.symmetric))


def padded_shape(case: Mirror) -> Shape:
    return tuple(n + sum(pad) for n, pad in zip(case.shape, case.pads, strict=True))


def add_mirror(builder: CaseBuilder, case: Mirror) -> None:
    x, y = builder.operand(case.shape, PLAIN), builder.output(padded_shape(case), PLAIN)
    mirror_pad(builder, x, y, case)


@pytest.mark.parametrize(
    ("pads", "reason"),
    [
        (((0, 3), (0, 0), (0, 0)), r"it mirrors \[\[0, 3\]"),
        (((1, 0), (0, 0), (0, 1)), "it pads axes that do not lie side by side"),
    ],
)
def test_mirrors_that_reach_too_far_are_refused(
    pads: tuple[tuple[int, int], ...], reason: str
) -> None:
    case = Mirror((3, 2, 3), pads, False)
    builder = ModelBuilder()
    x, y = builder.tensor(case.shape, scale=0.5), builder.tensor(padded_shape(case), scale=0.5)
    mirror_pad(builder, x, y, case)
    with pytest.raises(BadInput, match=f"0 MIRROR_PAD .* {reason}"):
        compile_model(builder.build((x,), (y,)), "m")


@dataclass(frozen=True)
class Batches:
    batches: int
    cells: tuple[int, ...]
    sizes: tuple[int, ...]
    before: tuple[int, ...]
    behind: tuple[int, ...]
    channels: int


@st.composite
def cut_images(draw: st.DrawFn) -> Batches:
    axes = draw(st.integers(1, 2))
    few_cells = st.integers(1, 3)
    cells, sizes = (tuple(draw(few_cells) for _ in range(axes)) for _ in range(2))
    before, behind = [], []
    for count, size in zip(cells, sizes, strict=True):
        before.append(draw(st.integers(0, count * size - 1)))
        behind.append(draw(st.integers(0, count * size - 1 - before[-1])))
    return Batches(draw(few_cells), cells, sizes, tuple(before), tuple(behind), draw(few_cells))


def add_batches(builder: CaseBuilder, case: Batches) -> None:
    places = case.batches
    for size in case.sizes:
        places *= size
    blocks = (places, *case.cells, case.channels)
    ends = zip(case.cells, case.sizes, case.before, case.behind, strict=True)
    inner = tuple(n * size - first - last for n, size, first, last in ends)
    space = (case.batches, *inner, case.channels)
    for name, options, source, target in (
        ("SPACE_TO_BATCH_ND", "SpaceToBatchND", space, blocks),
        ("BATCH_TO_SPACE_ND", "BatchToSpaceND", blocks, space),
    ):
        pairs = zip(case.before, case.behind, strict=True)
        flat = builder.integers(*(width for pair in pairs for width in pair))
        builder._tensors[flat].shape = [len(case.sizes), 2]
        if name == "SPACE_TO_BATCH_ND" and any((*case.before, *case.behind)):
            continue  # what TFLite-Micro pads with is not defined: see the test below
        inputs = (builder.operand(source, PLAIN), builder.integers(*case.sizes), flat)
        builder.operator(name, inputs, (builder.output(target, PLAIN),), options)


Case = tuple[Callable[[CaseBuilder, Any], None], Any]
cases = st.one_of(
    slices().map(lambda case: (add_slice, case)),
    alongs.map(lambda case: (add_unpack, case)),
    alongs.map(lambda case: (add_reverse, case)),
    repeats().map(lambda case: (add_broadcast, case)),
    mirrors().map(lambda case: (add_mirror, case)),
    cut_images().map(lambda case: (add_batches, case)),
)


@few
@given(cases=st.lists(cases, min_size=8, max_size=12), seed=seeds)
def test_bytes_are_moved_as_tflite_micro_does(
    exactness: Exactness, cases: list[Case], seed: int
) -> None:
    """All of them in one model, which is built once."""
    exactness.check_cases(cases, lambda builder, case: case[0](builder, case[1]), seed)


@pytest.mark.parametrize(
    ("height", "behind", "zero_point", "reason"),
    [
        (5, 0, 0, r"with blocks of \[2, 1\]"),
        (3, 1, 7, "it pads, and TFLite-Micro takes what its memory holds"),
    ],
)
def test_images_that_cannot_be_cut_are_refused(
    height: int, behind: int, zero_point: int, reason: str
) -> None:
    builder = ModelBuilder()
    x, y = (
        builder.tensor(shape, scale=0.5, zero_point=zero_point)
        for shape in ((1, height, 2), (2, 2, 2))
    )
    inputs = (x, builder.integers(2), builder.integers(0, behind))
    builder.operator("SPACE_TO_BATCH_ND", inputs, (y,), "SpaceToBatchND")
    with pytest.raises(BadInput, match=f"0 SPACE_TO_BATCH_ND .* {reason}"):
        compile_model(builder.build((x,), (y,)), "m")


def test_batches_that_are_open_until_run_time_are_told() -> None:
    """As converters write what a dilated layer needs where the model's batch is not fixed."""
    builder = ModelBuilder()
    x, y = (
        builder.tensor((1, length, 2), scale=0.5, signature=(-1, length, 2)) for length in (4, 2)
    )
    inputs = (x, builder.integers(2), builder.integers(0, 0))
    builder.operator("SPACE_TO_BATCH_ND", inputs, (y,), "SpaceToBatchND")
    with pytest.raises(BadInput, match="it makes 2 batches, and the model leaves") as caught:
        compile_model(builder.build((x,), (y,)), "m")
    assert "batch_shape=(1, ...)" in caught.value.hint
