"""Random graphs of real operators: exact outputs, and no write outside an operator's own places."""

from __future__ import annotations

import numpy as np
from exactness import Exactness, check_writes, few, random_inputs, seeds, written_by
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model

SCALE = 1 / 16
SHAPE = (1, 4, 3, 4)
KINDS = ("RELU", "HARD_SWISH", "ADD", "MUL", "SUB", "POOL", "GATE", "VIEW", "HALVES", "SOFTMAX")


@st.composite
def graphs(draw: st.DrawFn) -> bytes:
    """Draw a model of branches that meet again; all tensors between have one shape."""
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    known = [x]
    for _ in range(draw(st.integers(2, 8))):
        kind = draw(st.sampled_from(KINDS))
        first, second = (known[draw(st.integers(0, len(known) - 1))] for _ in range(2))
        known.append(add(builder, kind, first, second))
    last = add(builder, "ADD", known[-1], known[draw(st.integers(0, len(known) - 1))])
    return builder.build((x,), (last,))


def add(builder: ModelBuilder, kind: str, first: int, second: int) -> int:
    """Add one step and return the tensor that it makes, like all others in shape and scale."""
    y = builder.tensor(SHAPE, scale=SCALE)
    match kind:
        case "RELU" | "HARD_SWISH":
            builder.operator(kind, (first,), (y,), "" if kind == "RELU" else "HardSwish")
        case "ADD" | "SUB" | "MUL":
            builder.operator(kind, (first, second), (y,), kind.capitalize())
        case "POOL":
            sizes = {"filterHeight": 2, "filterWidth": 3, "strideH": 1, "strideW": 1}
            builder.operator("AVERAGE_POOL_2D", (first,), (y,), "Pool2D", padding=0, **sizes)
        case "GATE":
            mean = builder.tensor((1, 1, 1, 4), scale=SCALE)
            axes = builder.integers(1, 2)
            builder.operator("MEAN", (second, axes), (mean,), "Reducer", keepDims=True, version=2)
            builder.operator("MUL", (mean, first), (y,), "Mul")
        case "VIEW":
            flat = builder.tensor((1, 48), scale=SCALE)
            builder.operator("RESHAPE", (first, builder.integers(1, 48)), (flat,), "Reshape")
            builder.operator("RESHAPE", (flat, builder.integers(*SHAPE)), (y,), "Reshape")
        case "HALVES":
            halves = tuple(builder.tensor((1, 4, 3, 2), scale=SCALE) for _ in range(2))
            axis = builder.integers(3)
            builder.operator("SPLIT", (axis, first), halves, "Split", numSplits=2)
            builder.operator("CONCATENATION", halves[::-1], (y,), "Concatenation", axis=3)
        case _:
            shares = builder.tensor(SHAPE, scale=1 / 256, zero_point=-128)
            builder.operator("SOFTMAX", (first,), (shares,), "Softmax", beta=1.0)
            builder.operator("QUANTIZE", (shares,), (y,), "Quantize")
    return y


@few
@given(model=graphs(), seed=seeds)
def test_outputs_are_exact_and_writes_stay_in_place(
    exactness: Exactness, model: bytes, seed: int
) -> None:
    inputs = random_inputs(seed, SHAPE)
    compiled = exactness.check(model, inputs)
    check_writes(compiled, exactness.build(compiled).arenas(inputs))


def test_the_first_operator_too_writes_only_its_own() -> None:
    """The check itself: a write beyond the output is seen."""
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    y = add(builder, "POOL", x, x)
    z = add(builder, "POOL", y, y)
    compiled = compile_model(builder.build((x,), (z,)), "m")
    arenas = np.zeros((1, 2, compiled.arena_bytes), np.uint8)
    check_writes(compiled, arenas)
    outside = np.flatnonzero(~written_by(compiled, 1))[0]
    arenas[0, 1, outside] = 1
    try:
        check_writes(compiled, arenas)
    except AssertionError:
        return
    raise AssertionError("a write outside the output went unseen")
