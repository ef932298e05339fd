"""What a model keeps from one inference to the next: its variables, in memory of their own.

The arena is free for others between two inferences; the state is not. Every tensor that the file
calls a variable lies in it, and so do views of one. An operator reads its variables as it reads any
input; what it writes into them is in `KernelCall.outputs`, or in `KernelCall.updates` where it
changes them in place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.arena import aligned
from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.values import tensor_bytes
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable
from quantize.tflite.model import Subgraph, Tensor
from quantize.tflite.schema import DType

MOST_STATE = 1 << 28
"""Bytes; no board has as many."""


@dataclass(frozen=True, slots=True, eq=False)
class StateBuffer:
    """One variable.

    Parameters
    ----------
    tensor
        Its index in the graph.
    bytes
        Its size.
    first
        What it holds before the first inference: one byte for all of it, or uint8 ``[bytes]``.
    cleared
        What TFLite-Micro's ``Reset()`` fills it with, after the model has run: bytes of its zero
        point, or 0 where it is no resource and not int8. First values are not assigned again.
    offset
        Its place in the state, a multiple of the arena's alignment.
    """

    tensor: int
    bytes: int
    first: int | NDArray[np.uint8]
    cleared: int
    offset: int

    @property
    def is_cleared_at_first(self) -> bool:
        """Whether what it holds at first is what it is cleared to."""
        return isinstance(self.first, int) and self.first == self.cleared


@dataclass(frozen=True, slots=True, eq=False)
class StatePlan:
    """Where the variables lie.

    Parameters
    ----------
    buffers
        All of them, by offset; none in a model that keeps nothing.
    tensor_offsets
        Places by tensor index, views of variables among them.
    """

    buffers: tuple[StateBuffer, ...]
    tensor_offsets: Mapping[int, int]

    @property
    def state_bytes(self) -> int:
        """What the state must hold."""
        return max((buffer.offset + aligned(buffer.bytes) for buffer in self.buffers), default=0)


NO_STATE = StatePlan((), MappingProxyType({}))


def plan_state(
    graph: Subgraph,
    calls: Sequence[KernelCall],
    first_values: Mapping[int, NDArray[np.uint8]],
    resources: Collection[int] = (),
) -> StatePlan:
    """Plan the state of a model.

    Parameters
    ----------
    graph, calls
        The model, lowered by `separate`: no view of a variable outlives the variable's value.
    first_values
        What variables hold before the first inference, as bytes, by tensor; all others are cleared.
    resources
        The tensors that were resource variables.

    Raises
    ------
    BadInput
        When they need more memory than any device has.
    """
    used = {tensor for call in calls for tensor in (*call.inputs, *call.outputs)}
    buffers: list[StateBuffer] = []
    end = 0
    for tensor in graph.tensors:
        if not tensor.is_variable or tensor.index not in used:
            continue
        size = tensor_bytes(tensor)
        cleared = _cleared(tensor, tensor.index in resources)
        first = _first_value(first_values.get(tensor.index), cleared)
        buffers.append(StateBuffer(tensor.index, size, first, cleared, end))
        end += aligned(size)
        if end > MOST_STATE:
            raise BadInput(
                f"the model keeps {end} bytes and more from one inference to the next, with "
                f"'{printable(tensor.name)}'; firmware is written for {MOST_STATE} at most",
                hint="stream in shorter steps, with less to remember",
            )
    places = {buffer.tensor: buffer.offset for buffer in buffers}
    for call in calls:
        if call.function is None and call.inputs[0] in places:
            places[call.outputs[0]] = places[call.inputs[0]]
    return StatePlan(tuple(buffers), MappingProxyType(places))


def _cleared(tensor: Tensor, is_resource: bool) -> int:
    """Return what TFLite-Micro fills a variable with: every byte of it, also of wider types."""
    whole = tensor.whole if is_resource or tensor.dtype is DType.INT8 else None
    return 0 if whole is None else whole.zero_point & 0xFF


def _first_value(given: NDArray[np.uint8] | None, cleared: int) -> int | NDArray[np.uint8]:
    if given is None:
        return cleared
    return int(given[0]) if given.size and (given == given[0]).all() else given


def separate(graph: Subgraph, calls: Sequence[KernelCall]) -> tuple[KernelCall, ...]:
    """Make a copy of each view of a variable that is still read when the variable has changed.

    A read of a variable is a view of it, and costs nothing, as long as nothing writes into the
    variable before the last use of what was read. What the model puts out is always copied: it
    lies in the arena.
    """
    variables = {tensor.index for tensor in graph.tensors if tensor.is_variable}
    root = {tensor: tensor for tensor in variables}
    settled: list[KernelCall] = []
    for position, call in enumerate(calls):
        if call.function is None and call.inputs[0] in root:
            variable = root[call.inputs[0]]
            if _outlives(graph, calls, position, variable):
                settled.append(_copy(graph, call))
                continue
            root[call.outputs[0]] = variable
        settled.append(call)
    return tuple(settled)


def _outlives(graph: Subgraph, calls: Sequence[KernelCall], position: int, variable: int) -> bool:
    """Whether a view, or a view of it, is used when its variable is written, later or then."""
    views = {calls[position].outputs[0]}
    written = False
    for call in calls[position + 1 :]:
        written = written or variable in (*call.outputs, *call.updates)
        if written and views.intersection(call.inputs):
            return True
        if call.function is None and call.inputs[0] in views:
            views.add(call.outputs[0])
    return not views.isdisjoint(graph.outputs)


def _copy(graph: Subgraph, view: KernelCall) -> KernelCall:
    return replace(
        view,
        function="i8_store",
        header="i8_store.h",
        struct="i8_store",
        fields={"bytes": tensor_bytes(graph.tensors[view.outputs[0]])},
    )
