"""What is known of the values of an ONNX graph: their shapes, and what they come of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any


def shapes_of(graph: Any) -> dict[str, list[int]]:
    """Return the lengths of the axes of each value whose shape is noted, 0 where one is open."""
    return {
        each.name: [dim.dim_value for dim in each.type.tensor_type.shape.dim]
        for each in (*graph.input, *graph.value_info, *graph.output)
    }


def makers_of(graph: Any) -> dict[str, Any]:
    """Return the node that makes each value; inputs and weights have none."""
    return {name: node for node in graph.node for name in node.output}


def origins(
    names: Iterable[str], makers: Mapping[str, Any], through: Collection[str]
) -> Iterator[Any]:
    """Yield the nodes that values come of, seen through nodes of some kinds; each value once.

    `None` stands for an input or a weight.
    """
    before, seen = [*names], set()
    while before:
        name = before.pop()
        if name in seen:
            continue
        seen.add(name)
        maker = makers.get(name)
        if maker is not None and maker.op_type in through:
            before += maker.input
        else:
            yield maker
