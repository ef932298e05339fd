"""Variables that are not used as they must be: refused by operator, layer and reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from state_models import StateBuilder, with_first_values
from test_graphs import SCALE, SHAPE, add

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType

ZEROS = np.zeros(SHAPE, np.int8)


def begun(**first: np.ndarray) -> tuple[StateBuilder, dict[str, int], int]:
    """Begin a model with variables that have first values, and an input."""
    builder = StateBuilder()
    handles = with_first_values(builder, first, scale=SCALE)
    return builder, handles, builder.tensor(SHAPE, scale=SCALE)


def ended(builder: StateBuilder, x: int, *parts: int) -> bytes:
    last = x
    for part in (*parts, x):
        last = add(builder, "ADD", last, part)
    return builder.build((x,), (last,))


def read_before_assigned() -> bytes:
    builder = StateBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    handle = builder.handle("late")
    found = builder.read(handle, x)
    builder.assign(handle, x)
    return ended(builder, x, found)


def never_assigned() -> bytes:
    builder, _, x = begun(known=ZEROS)
    return ended(builder, x, builder.read(builder.handle("other"), x))


def of_two_shapes() -> bytes:
    builder, handles, x = begun(known=ZEROS)
    half = builder.tensor((1, 24), scale=SCALE)
    whole = builder.tensor((1, 48), scale=SCALE)
    builder.operator("RESHAPE", (x, builder.integers(1, 48)), (whole,), "Reshape")
    bounds = (builder.integers(0, 0), builder.integers(1, 24), builder.integers(1, 1))
    builder.operator("STRIDED_SLICE", (whole, *bounds), (half,), "StridedSlice")
    builder.assign(handles["known"], half)
    return ended(builder, x)


def of_two_shapes_of_one_size() -> bytes:
    builder, handles, x = begun(known=ZEROS)
    flat = builder.tensor((1, 48), scale=SCALE)
    builder.operator("RESHAPE", (x, builder.integers(1, 48)), (flat,), "Reshape")
    builder.assign(handles["known"], flat)
    return ended(builder, x)


def of_another_type() -> bytes:
    builder, handles, x = begun(known=ZEROS)
    tensor = builder.tensor(SHAPE, dtype=DType.FLOAT32)
    builder.operator("READ_VARIABLE", (handles["known"],), (tensor,), "ReadVariable")
    return ended(builder, x)


def without_a_name() -> bytes:
    builder, _, x = begun(known=ZEROS)
    builder.assign(builder.handle(""), x)
    return ended(builder, x)


def of_one_name_twice() -> bytes:
    builder, _, x = begun(known=ZEROS)
    builder.assign(builder.handle("known", container="b"), x)
    return ended(builder, x)


def without_a_handle() -> bytes:
    builder, _, x = begun(known=ZEROS)
    builder.operator("ASSIGN_VARIABLE", (x, x), (), "AssignVariable")
    return ended(builder, x)


def handle_for_a_value() -> bytes:
    builder, handles, x = begun(known=ZEROS)
    builder.assign(handles["known"], x)
    return ended(builder, x, handles["known"])


def handle_put_out() -> bytes:
    builder, handles, x = begun(known=ZEROS)
    builder.assign(handles["known"], x)
    return builder.build((x,), (add(builder, "ADD", x, x), handles["known"]))


def runs_itself() -> bytes:
    builder = StateBuilder()
    builder.call_once(0)
    return ended(builder, builder.tensor(SHAPE, scale=SCALE))


def runs_what_is_not_there(number: int) -> bytes:
    builder = StateBuilder()
    builder.call_once(number)
    return ended(builder, builder.tensor(SHAPE, scale=SCALE))


def runs_without_end() -> bytes:
    builder = StateBuilder()
    with builder.subgraph() as number:
        builder.call_once(number)
    builder.call_once(number)
    return ended(builder, builder.tensor(SHAPE, scale=SCALE))


def runs_round_and_round() -> bytes:
    builder = StateBuilder()
    with builder.subgraph() as one:
        builder.call_once(one + 1)
    with builder.subgraph():
        builder.call_once(one)
    builder.call_once(one)
    return ended(builder, builder.tensor(SHAPE, scale=SCALE))


def computes_first_values() -> bytes:
    builder = StateBuilder()
    with builder.subgraph() as number:
        value = builder.tensor(SHAPE, scale=SCALE, data=ZEROS)
        made = builder.tensor(SHAPE, scale=SCALE)
        builder.operator("ADD", (value, value), (made,), "Add")
        builder.assign(builder.handle("known"), made)
    builder.call_once(number)
    x = builder.tensor(SHAPE, scale=SCALE)
    return ended(builder, x, builder.read(builder.handle("known"), x))


def initialised_too_late() -> bytes:
    builder = StateBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    builder.assign(builder.handle("known"), x)
    with_first_values(builder, {"known": ZEROS}, scale=SCALE)
    return ended(builder, x, builder.read(builder.handle("known"), x))


def too_large() -> bytes:
    builder = StateBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    huge = builder.tensor((1, 4, 3, 1 << 25), scale=SCALE)
    paddings = np.array([[0, 0], [0, 0], [0, 0], [0, (1 << 25) - 4]], np.int32)
    widths = builder.tensor((4, 2), dtype=DType.INT32, data=paddings)
    builder.operator("PAD", (x, widths), (huge,), "Pad")
    builder.assign(builder.handle("known"), huge)
    return ended(builder, x)


def too_many_variable_tensors() -> bytes:
    builder = StateBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    for place in range(3):
        large = builder.tensor((1, 1 << 27), scale=SCALE, variable=True, name=f"kept{place}")
        y = builder.tensor((1, 1 << 27), scale=SCALE)
        builder.operator("RELU", (large,), (y,))
    return ended(builder, x)


def puts_a_variable_out() -> bytes:
    builder = StateBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    kept = builder.tensor(SHAPE, scale=SCALE, variable=True)
    builder.operator("RELU", (x,), (kept,))
    return builder.build((x,), (kept,))


def assigns_a_constant() -> bytes:
    builder, handles, x = begun(known=ZEROS)
    builder.assign(handles["known"], builder.tensor(SHAPE, scale=SCALE, data=ZEROS))
    return ended(builder, x, builder.read(handles["known"], x))


def has_a_subgraph_that_nobody_runs() -> bytes:
    builder, handles, x = begun(known=ZEROS)
    with builder.subgraph():
        builder.handle("known")
    return ended(builder, x, builder.read(handles["known"], x))


REFUSED: tuple[tuple[Callable[[], bytes], str], ...] = (
    (read_before_assigned, "READ_VARIABLE.*reads variable 'late' before anything is assigned"),
    (never_assigned, "READ_VARIABLE.*reads variable 'other' before anything is assigned"),
    (of_two_shapes, r"variable 'known' is int8 \[1, 24\] here, and int8 \[1, 4, 3, 4\] elsewhere"),
    (of_two_shapes_of_one_size, r"'known' is int8 \[1, 48\] here, and int8 \[1, 4, 3, 4\]"),
    (of_another_type, "READ_VARIABLE.*its variable is float32, which is not kept here"),
    (without_a_name, "VAR_HANDLE.*its variable has no name"),
    (of_one_name_twice, "VAR_HANDLE.*two variables are called 'known', in containers '' and 'b'"),
    (without_a_handle, "ASSIGN_VARIABLE.*its first input is no variable's handle"),
    (handle_for_a_value, "ADD.*takes a variable's handle, and not what it holds"),
    (handle_put_out, "takes or gives a variable's handle"),
    (runs_itself, "CALL_ONCE.*runs the subgraph that it stands in"),
    (lambda: runs_what_is_not_there(7), "CALL_ONCE.*runs subgraph 7 of 1"),
    (lambda: runs_what_is_not_there(-1), "CALL_ONCE.*runs subgraph -1 of 1"),
    (runs_without_end, "subgraph 1, operator 0 CALL_ONCE.*only constants are assigned"),
    (runs_round_and_round, "subgraph 1, operator 0 CALL_ONCE.*only constants are assigned"),
    (computes_first_values, "subgraph 1, operator 0 ADD.*only constants are assigned"),
    (initialised_too_late, "CALL_ONCE.*runs after variables were used; it must come first"),
    (too_large, "keeps 402653184 bytes and more from one inference to the next, with 'known'"),
    (too_many_variable_tensors, "keeps 402653184 bytes and more.*with 'kept2'; firmware"),
    (puts_a_variable_out, "the output of m is a variable, which keeps its value"),
    (assigns_a_constant, "ASSIGN_VARIABLE.*input 0 is a constant"),
    (has_a_subgraph_that_nobody_runs, "m has 2 subgraphs, and firmware is written for one"),
)


@pytest.mark.parametrize(("model", "reason"), REFUSED)
def test_it_is_refused_for_its_reason(model: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        compile_model(model(), "m")


def test_a_sound_model_of_that_kind_compiles() -> None:
    """The others are refused for what was done to this one."""
    builder, handles, x = begun(known=ZEROS)
    found = builder.read(handles["known"], x)
    builder.assign(handles["known"], x)
    assert compile_model(ended(builder, x, found), "m").state_bytes == 48
