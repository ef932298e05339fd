"""What the C of a model that keeps state has beside that of others.

The state is memory of the caller's, as the arena is: one model can run on several streams, each
with a state of its own, and all in one arena. A model that keeps nothing has none of this.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firmware_bridge.compiler.c_text import comment_text, constant_array
from firmware_bridge.compiler.kernel_call import Constant
from firmware_bridge.compiler.state import StateBuffer, StatePlan
from firmware_bridge.compiler.values import tensor_bytes
from quantize.tflite.model import Subgraph

POINTER = "kept"
"""What the functions call the state as bytes."""


def run_parameters(state: StatePlan) -> tuple[str, ...]:
    """Return the memory that a run takes."""
    return ("void *arena", "void *state") if state.buffers else ("void *arena",)


def macros(upper: str, state: StatePlan) -> str:
    """Return how large the state is."""
    if not state.buffers:
        return ""
    return f"""\
/* What the model keeps from one run to the next. It must lie on a 16-byte boundary, beside the
 * arena, which is free for others between two runs; each stream has a state of its own. */
#define {upper}_STATE_BYTES {state.state_bytes}
"""


def declarations(lower: str, state: StatePlan) -> str:
    """Return the declaration of the reset."""
    if not state.buffers:
        return ""
    return f"""
/* Gives the state its first values: before the first run, and to begin a new stream. What follows
 * is what a new interpreter of TFLite-Micro computes. */
void {lower}_reset(void *state);
{_clear_declaration(lower, state)}"""


def _clear_declaration(lower: str, state: StatePlan) -> str:
    """Return the declaration of what differs from the reset in few models."""
    if all(buffer.is_cleared_at_first for buffer in state.buffers):
        return ""
    return f"""
/* What TFLite-Micro's own Reset() makes of the state once the model has run: zero points. It does
 * not assign the first values again. */
void {lower}_clear(void *state);
"""


def places(graph: Subgraph, state: StatePlan) -> list[str]:
    """Return the places of variables, and of views of them."""
    if not state.buffers:
        return []
    lines = ["/* Places in the state, in bytes; what has the same place is the same bytes. */"]
    lines.append("enum {")
    for index, offset in sorted(state.tensor_offsets.items()):
        size, name = tensor_bytes(graph.tensors[index]), graph.tensors[index].name
        lines.append(f"  TENSOR_{index} = {offset}, /* {size} bytes: {comment_text(name)} */")
    return [*lines, "};", ""]


def reset_definition(lower: str, state: StatePlan) -> list[str]:
    """Return the first values that are not the same byte all over, and the reset."""
    if not state.buffers:
        return []
    lines: list[str] = []
    for buffer in state.buffers:
        if not isinstance(buffer.first, int):
            values = buffer.first.view(np.int8)
            lines += [*constant_array(_name(buffer), Constant("first", values)), ""]
    lines += [f"void {lower}_reset(void *state) {{", f"  int8_t *const {POINTER} = state;"]
    lines += [*map(_first, state.buffers), "}", ""]
    if not all(buffer.is_cleared_at_first for buffer in state.buffers):
        lines += [f"void {lower}_clear(void *state) {{", f"  int8_t *const {POINTER} = state;"]
        lines += [*(_fill(buffer, buffer.cleared) for buffer in state.buffers), "}", ""]
    return lines


def _first(buffer: StateBuffer) -> str:
    if isinstance(buffer.first, int):
        return _fill(buffer, buffer.first)
    return f"  memcpy({POINTER} + TENSOR_{buffer.tensor}, {_name(buffer)}_first, {buffer.bytes});"


def _fill(buffer: StateBuffer, byte: int) -> str:
    return f"  memset({POINTER} + TENSOR_{buffer.tensor}, {byte}, {buffer.bytes});"


def _name(buffer: StateBuffer) -> str:
    return f"variable{buffer.tensor}"


def headers(state: StatePlan) -> Sequence[str]:
    """Return what the source includes for it."""
    return ("#include <string.h>",) if state.buffers else ()
