"""The static plan of the arena: where each tensor and scratch lies, with lifetimes.

Tensors that hold the same bytes (views, and outputs that may overwrite their operator's input)
form one buffer, and so do an output and an input within it, where the operator has read what it
writes over. Buffers are placed greedily: in a given order, each at the lowest offset where it
meets no placed buffer that lives at the same time. Finding the smallest arena is NP-hard; several
orders are tried and the smallest result is kept, the first of equals.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from firmware_bridge.compiler.kernel_call import KernelCall

ALIGNMENT = 16


class Sharing(Enum):
    """What may be overwritten by the operator that reads it last, in the order of preference."""

    IN_PLACE = "an input of an operator that works in place"
    NOTHING = "nothing"
    WITHIN = "an input of an operator that works in place, and one within a larger output"


@dataclass(frozen=True, slots=True)
class Buffer:
    """A stretch of the arena.

    Parameters
    ----------
    tensors
        The tensors that live in it, by index; empty for scratch.
    scratch_of
        The operator whose scratch it is, ``None`` for tensors.
    bytes
        Its size, not rounded up.
    first, last
        The operators between which it holds data, both included; -1 is before the first one.
    offset
        Its place, a multiple of `ALIGNMENT`.
    within
        Where each of `tensors` begins in it, a multiple of `ALIGNMENT`.
    """

    tensors: tuple[int, ...]
    scratch_of: int | None
    bytes: int
    first: int
    last: int
    offset: int = 0
    within: tuple[int, ...] = ()

    @property
    def end(self) -> int:
        """The offset after it, aligned."""
        return self.offset + aligned(self.bytes)

    def lives_with(self, other: Buffer) -> bool:
        """Whether both hold data at one time."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True, eq=False)
class ArenaPlan:
    """Where everything lies.

    Parameters
    ----------
    buffers
        All of them, by offset.
    arena_bytes
        What the arena must hold, a multiple of `ALIGNMENT`.
    needed_bytes
        The most that lives at one time: no plan can be smaller.
    tensor_offsets, scratch_offsets
        Places by tensor index, and by operator index.
    """

    buffers: tuple[Buffer, ...]
    arena_bytes: int
    needed_bytes: int
    tensor_offsets: Mapping[int, int]
    scratch_offsets: Mapping[int, int]


def aligned(size: int) -> int:
    """Round up to a multiple of `ALIGNMENT`."""
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def plan_arena(
    calls: Sequence[KernelCall],
    tensor_bytes: Mapping[int, int],
    *,
    input_tensor: int,
    output_tensor: int,
    other_outputs: Sequence[int] = (),
    other_inputs: Sequence[int] = (),
    elsewhere: Collection[int] = (),
) -> ArenaPlan:
    """Plan the arena of a model.

    Parameters
    ----------
    calls
        Its operators in order.
    tensor_bytes
        The size of every tensor that they compute, and of the input.
    input_tensor, other_inputs
        Filled before the first operator; each may be overwritten after its last use.
    output_tensor, other_outputs
        Kept until after the last operator.
    elsewhere
        Tensors that do not lie in the arena: variables, and views of them.
    """
    inputs = (input_tensor, *other_inputs)
    last_uses = _last_uses(calls, inputs, (output_tensor, *other_outputs))
    plans = []
    for sharing in Sharing:
        shared = _shared(calls, tensor_bytes, last_uses, elsewhere, sharing)
        buffers = _buffers(calls, tensor_bytes, last_uses, shared, inputs, elsewhere)
        plans += [_placed(buffers, order) for order in _ORDERS]
    return min(plans, key=lambda plan: plan.arena_bytes)


def _last_uses(
    calls: Sequence[KernelCall], input_tensors: Sequence[int], output_tensors: Sequence[int]
) -> dict[int, int]:
    """Return after which operator each tensor is not read any more."""
    last = dict.fromkeys(input_tensors, -1)
    for position, call in enumerate(calls):
        for tensor in (*call.inputs, *call.outputs):
            last[tensor] = position
    return last | dict.fromkeys(output_tensors, len(calls))


@dataclass(frozen=True, slots=True)
class _Shared:
    """Which buffer each tensor lies in, by its root there, and where; its own at 0 mostly."""

    roots: dict[int, int]
    within: dict[int, int]
    last: dict[int, int]  # by root: the last operator that reads or writes any of them

    def join(self, tensor: int, root: int, last: int) -> None:
        self.roots[tensor], self.within[tensor] = root, 0
        self.last[root] = max(self.last.get(root, -1), last)

    def move(self, source: int, target: int, at: int) -> None:
        """Put the buffer of one root into another's, from an offset on."""
        for tensor, root in self.roots.items():
            if root == source:
                self.roots[tensor] = target
                self.within[tensor] += at
        self.last[target] = max(self.last[target], self.last[source])


def _shared(
    calls: Sequence[KernelCall],
    tensor_bytes: Mapping[int, int],
    last_uses: Mapping[int, int],
    elsewhere: Collection[int],
    sharing: Sharing,
) -> _Shared:
    """Return which tensors share a buffer."""
    shared = _Shared({}, {}, {})
    # First the views: how long a buffer is read must be known before anything overwrites it.
    for call in calls:
        for tensor in call.inputs:
            if tensor not in shared.roots:
                shared.join(tensor, tensor, last_uses[tensor])
        for tensor in call.outputs:
            root = shared.roots[call.inputs[0]] if call.function is None else tensor
            shared.join(tensor, root, last_uses[tensor])
    for position, call in enumerate(calls):
        if sharing is not Sharing.NOTHING and call.function is not None:
            _overwrite_input(call, position, tensor_bytes, shared, elsewhere, sharing)
    return shared


def _overwrite_input(
    call: KernelCall,
    position: int,
    tensor_bytes: Mapping[int, int],
    shared: _Shared,
    elsewhere: Collection[int],
    sharing: Sharing,
) -> None:
    input_tensor, output = call.inputs[0], call.outputs[0]
    source, target = shared.roots[input_tensor], shared.roots[output]
    if source in elsewhere or target in elsewhere or shared.last[source] != position:
        return
    at = shared.within[input_tensor]
    if call.in_place and tensor_bytes[output] <= tensor_bytes[source] - at:
        shared.move(target, source, at)
    elif call.input_after is not None and at == 0 and sharing is Sharing.WITHIN:
        shared.move(source, target, aligned(call.input_after))


def _buffers(
    calls: Sequence[KernelCall],
    tensor_bytes: Mapping[int, int],
    last_uses: Mapping[int, int],
    shared: _Shared,
    input_tensors: Sequence[int],
    elsewhere: Collection[int],
) -> list[Buffer]:
    first_uses = dict.fromkeys(input_tensors, -1)
    for position, call in enumerate(calls):
        for tensor in call.outputs:
            if tensor not in elsewhere:
                first_uses.setdefault(tensor, position)
    groups: dict[int, list[int]] = {}
    for tensor in sorted(first_uses, key=lambda index: (first_uses[index], index)):
        groups.setdefault(shared.roots.get(tensor, tensor), []).append(tensor)
    buffers = [
        Buffer(
            tensors=tuple(tensors),
            scratch_of=None,
            bytes=max(shared.within.get(tensor, 0) + tensor_bytes[tensor] for tensor in tensors),
            first=min(first_uses[tensor] for tensor in tensors),
            last=max(last_uses[tensor] for tensor in tensors),
            within=tuple(shared.within.get(tensor, 0) for tensor in tensors),
        )
        for tensors in groups.values()
    ]
    buffers += [
        Buffer((), call.operator, call.scratch_bytes, position, position)
        for position, call in enumerate(calls)
        if call.scratch_bytes
    ]
    return buffers


def _by_size(buffer: Buffer) -> tuple[int, ...]:
    return (-aligned(buffer.bytes), buffer.first, buffer.last)


def _by_start(buffer: Buffer) -> tuple[int, ...]:
    return (buffer.first, -aligned(buffer.bytes), buffer.last)


def _by_area(buffer: Buffer) -> tuple[int, ...]:
    return (-aligned(buffer.bytes) * (buffer.last - buffer.first + 1), buffer.first, buffer.last)


_ORDERS: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (_by_size, _by_start, _by_area)


def _placed(buffers: Sequence[Buffer], order: Callable[[Buffer], tuple[int, ...]]) -> ArenaPlan:
    placed: list[Buffer] = []
    for buffer in sorted(buffers, key=order):
        offset = 0
        for other in sorted(placed, key=lambda item: item.offset):
            if not buffer.lives_with(other):
                continue
            if offset + aligned(buffer.bytes) <= other.offset:
                break
            offset = max(offset, other.end)
        placed.append(replace(buffer, offset=offset))
    placed.sort(key=lambda item: (item.offset, item.first))
    return ArenaPlan(
        buffers=tuple(placed),
        arena_bytes=max(buffer.end for buffer in placed),
        needed_bytes=_most_at_once(placed),
        tensor_offsets=MappingProxyType(
            {
                tensor: buffer.offset + within
                for buffer in placed
                for tensor, within in zip(buffer.tensors, buffer.within, strict=True)
            }
        ),
        scratch_offsets=MappingProxyType(
            {b.scratch_of: b.offset for b in placed if b.scratch_of is not None}
        ),
    )


def _most_at_once(buffers: Sequence[Buffer]) -> int:
    times = {buffer.first for buffer in buffers}
    return max(
        sum(aligned(b.bytes) for b in buffers if b.first <= time <= b.last) for time in times
    )
