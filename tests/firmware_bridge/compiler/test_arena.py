"""No plan lets anything be overwritten that is still to be read."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.compiler.arena import ALIGNMENT, ArenaPlan, plan_arena
from firmware_bridge.compiler.kernel_call import KernelCall

Graph = tuple[list[KernelCall], dict[int, int], int]
LOST = -1


def call(
    index: int,
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    scratch: int,
    kind: str,
    after: int | None = None,
) -> KernelCall:
    return KernelCall(
        operator=index,
        name=kind.upper(),
        function=None if kind == "view" else "i8_kernel",
        header="",
        struct="",
        fields={},
        constants=(),
        inputs=inputs,
        outputs=outputs,
        scratch_bytes=0 if kind == "view" else scratch,
        macs=0,
        in_place=kind == "in_place",
        input_after=after,
    )


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw operators over earlier tensors; return them, all sizes, and the output."""
    sizes = {0: draw(st.integers(1, 300))}
    calls = []
    for index in range(draw(st.integers(1, 12))):
        known = st.integers(0, len(sizes) - 1)
        kind = draw(st.sampled_from(["view", "in_place", "plain", "plain", "within"]))
        inputs = tuple(draw(st.lists(known, min_size=1, max_size=3)))
        after = draw(st.integers(0, 200)) if kind == "within" else None
        count = 1 if kind != "plain" else draw(st.integers(1, 2))
        outputs = tuple(range(len(sizes), len(sizes) + count))
        if kind == "view":
            inputs = inputs[:1]
        for output in outputs:
            same = kind == "view" or draw(st.booleans())
            sizes[output] = sizes[inputs[0]] if same else draw(st.integers(1, 300))
        calls.append(call(index, inputs, outputs, draw(st.integers(0, 100)), kind, after))
    return calls, sizes, draw(st.sampled_from(calls)).outputs[0]


def simulate(plan: ArenaPlan, graph: Graph) -> None:
    """Run the graph on bytes that know whose value they hold."""
    calls, sizes, output = graph
    arena = np.full(plan.arena_bytes, LOST)
    value = {0: 0}

    def region(tensor: int) -> slice:
        start = plan.tensor_offsets[tensor]
        assert start % ALIGNMENT == 0 and start + sizes[tensor] <= plan.arena_bytes
        return slice(start, start + sizes[tensor])

    arena[region(0)] = value[0]
    for operation in calls:
        for tensor in operation.inputs:
            assert (arena[region(tensor)] == value[tensor]).all()
        if operation.function is None:
            (made,) = operation.outputs
            assert region(made) == region(operation.inputs[0])
            value[made] = value[operation.inputs[0]]
            continue
        if operation.scratch_bytes:
            start = plan.scratch_offsets[operation.operator]
            arena[start : start + operation.scratch_bytes] = LOST
        for tensor in operation.outputs:
            overwritten = arena[region(tensor)]
            for position, source in enumerate(operation.inputs):
                met = np.intersect1d(
                    np.arange(plan.arena_bytes)[region(tensor)],
                    np.arange(plan.arena_bytes)[region(source)],
                )
                behind = region(source).start - region(tensor).start
                after = operation.input_after
                in_place = operation.in_place and behind == 0
                allowed = in_place or (after is not None and behind >= after)
                assert not met.size or (allowed and value[source] == value[operation.inputs[0]]), (
                    position
                )
            assert overwritten.size == sizes[tensor]
        # Scratch must have met neither what is read nor what is written.
        for tensor in operation.inputs:
            assert (arena[region(tensor)] == value[tensor]).all()
        for tensor in operation.outputs:
            arena[region(tensor)] = tensor
            value[tensor] = tensor
        if operation.scratch_bytes:
            start = plan.scratch_offsets[operation.operator]
            assert (arena[start : start + operation.scratch_bytes] == LOST).all()
        for tensor in operation.outputs:
            assert (arena[region(tensor)] == tensor).all()
    assert (arena[region(output)] == value[output]).all()


@settings(max_examples=300)
@given(graph=graphs())
def test_what_is_read_is_what_was_written(graph: Graph) -> None:
    calls, sizes, output = graph
    plan = plan_arena(calls, sizes, input_tensor=0, output_tensor=output)
    simulate(plan, graph)
    assert plan.needed_bytes <= plan.arena_bytes
    assert plan.arena_bytes % ALIGNMENT == 0


@settings(max_examples=50)
@given(graph=graphs())
def test_plans_are_deterministic(graph: Graph) -> None:
    calls, sizes, output = graph
    plans = [plan_arena(calls, sizes, input_tensor=0, output_tensor=output) for _ in range(2)]
    assert plans[0].buffers == plans[1].buffers


def test_a_chain_takes_its_two_largest_neighbours() -> None:
    calls = [call(i, (i,), (i + 1,), 0, "plain") for i in range(4)]
    sizes = {0: 16, 1: 160, 2: 320, 3: 64, 4: 16}
    plan = plan_arena(calls, sizes, input_tensor=0, output_tensor=4)
    assert plan.arena_bytes == plan.needed_bytes == 480


def test_a_chain_in_place_takes_one_tensor() -> None:
    calls = [call(i, (i,), (i + 1,), 0, "in_place") for i in range(4)]
    plan = plan_arena(calls, dict.fromkeys(range(5), 100), input_tensor=0, output_tensor=4)
    assert plan.arena_bytes == 112


def test_an_input_lies_within_the_output_that_is_written_behind_it() -> None:
    calls = [
        call(0, (0,), (1,), 0, "in_place"),
        call(1, (1,), (2,), 32, "within", after=70),
        call(2, (2,), (3,), 0, "plain"),
    ]
    sizes = {0: 20, 1: 20, 2: 100, 3: 32}
    plan = plan_arena(calls, sizes, input_tensor=0, output_tensor=3)
    assert plan.tensor_offsets[0] == plan.tensor_offsets[1] == plan.tensor_offsets[2] + 80
    assert plan.arena_bytes == plan.needed_bytes == 144
    simulate(plan, (calls, sizes, 3))


def test_nothing_overwrites_what_a_view_still_shows() -> None:
    calls = [
        call(0, (0,), (1,), 0, "view"),
        call(1, (0,), (2,), 0, "in_place"),
        call(2, (1, 2), (3,), 0, "in_place"),
    ]
    sizes = dict.fromkeys(range(4), 32)
    plan = plan_arena(calls, sizes, input_tensor=0, output_tensor=3)
    assert plan.tensor_offsets[2] != plan.tensor_offsets[0] == plan.tensor_offsets[1]
    simulate(plan, (calls, sizes, 3))
