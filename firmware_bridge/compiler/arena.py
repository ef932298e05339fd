"""The static plan of the arena: where each tensor and scratch lies, with lifetimes.

Tensors that hold the same bytes (views, and outputs that may overwrite their operator's input)
form one buffer. Buffers are placed greedily: in a given order, each at the lowest offset where it
meets no placed buffer that lives at the same time. Finding the smallest arena is NP-hard; several
orders are tried and the smallest result is kept, the first of equals.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from firmware_bridge.compiler.records import KernelCall

ALIGNMENT = 16


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
    """

    tensors: tuple[int, ...]
    scratch_of: int | None
    bytes: int
    first: int
    last: int
    offset: int = 0

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
    for in_place in (True, False):
        roots = _roots(calls, tensor_bytes, last_uses, elsewhere, in_place=in_place)
        buffers = _buffers(calls, tensor_bytes, last_uses, roots, inputs, elsewhere)
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


def _roots(
    calls: Sequence[KernelCall],
    tensor_bytes: Mapping[int, int],
    last_uses: Mapping[int, int],
    elsewhere: Collection[int],
    *,
    in_place: bool,
) -> dict[int, int]:
    """Return, for each tensor, the tensor whose buffer it shares; itself where it has its own."""
    roots: dict[int, int] = {}
    group_last: dict[int, int] = {}

    def join(tensor: int, root: int) -> None:
        roots[tensor] = root
        group_last[root] = max(group_last.get(root, -1), last_uses[tensor])

    # First the views: how long a buffer is read must be known before anything overwrites it.
    for call in calls:
        for tensor in call.inputs:
            if tensor not in roots:
                join(tensor, tensor)
        for tensor in call.outputs:
            join(tensor, roots[call.inputs[0]] if call.function is None else tensor)
    if in_place:
        _overwrite_inputs(calls, tensor_bytes, roots, group_last, elsewhere)
    return roots


def _overwrite_inputs(
    calls: Sequence[KernelCall],
    tensor_bytes: Mapping[int, int],
    roots: dict[int, int],
    group_last: dict[int, int],
    elsewhere: Collection[int],
) -> None:
    for position, call in enumerate(calls):
        if not call.in_place or call.function is None:
            continue
        source, target = roots[call.inputs[0]], roots[call.outputs[0]]
        if source in elsewhere or target in elsewhere:
            continue
        dies_here = group_last[source] == position
        if dies_here and tensor_bytes[call.outputs[0]] <= tensor_bytes[source]:
            for tensor, root in roots.items():
                if root == target:
                    roots[tensor] = source
            group_last[source] = group_last[target]


def _buffers(
    calls: Sequence[KernelCall],
    tensor_bytes: Mapping[int, int],
    last_uses: Mapping[int, int],
    roots: Mapping[int, int],
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
        groups.setdefault(roots.get(tensor, tensor), []).append(tensor)
    buffers = [
        Buffer(
            tensors=tuple(tensors),
            scratch_of=None,
            bytes=max(tensor_bytes[tensor] for tensor in tensors),
            first=min(first_uses[tensor] for tensor in tensors),
            last=max(last_uses[tensor] for tensor in tensors),
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
            {tensor: buffer.offset for buffer in placed for tensor in buffer.tensors}
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
