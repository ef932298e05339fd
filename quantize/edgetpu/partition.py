"""Where each operator would run.

The compiler cuts the graph once: what comes before the first operator that cannot map, runs on the
Edge TPU; that operator and all that follows from it run on the CPU. Operators that read only the
model's inputs, such as a QUANTIZE from float, may run on the CPU before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quantize.tflite.model import Operator, Subgraph


def place_operators(graph: Subgraph, mappable: Sequence[bool]) -> tuple[bool, ...]:
    """Say for each operator whether it would run on the Edge TPU.

    Parameters
    ----------
    graph
        The main subgraph; its operators are in an order in which they can run.
    mappable
        For each operator, whether it could.

    Returns
    -------
    tuple of bool
        True for those that would: the first group of mappable operators that can run together,
        in the way in which TensorFlow Lite splits a graph for a delegate.
    """
    made_by_cpu = _ready_closure(graph, set(_given(graph)), lambda op: not mappable[op.index])
    # Operators that can map run on the CPU first only where nothing that can map comes before them.
    starts_on_cpu = bool(graph.operators) and not mappable[0]
    known = made_by_cpu if starts_on_cpu else set(_given(graph))
    on_chip: set[int] = set()
    for operator in graph.operators:
        if mappable[operator.index] and all(i in known for i in operator.inputs if i >= 0):
            on_chip.add(operator.index)
            known.update(operator.outputs)
    return tuple(operator.index in on_chip for operator in graph.operators)


def _given(graph: Subgraph) -> list[int]:
    """Return the tensors that are there before anything runs."""
    made = {index for operator in graph.operators for index in operator.outputs}
    return [tensor.index for tensor in graph.tensors if tensor.index not in made]


def _ready_closure(
    graph: Subgraph, known: set[int], wanted: Callable[[Operator], bool]
) -> set[int]:
    """Return `known` and all that the wanted operators can make from it."""
    for operator in graph.operators:
        if wanted(operator) and all(i in known for i in operator.inputs if i >= 0):
            known.update(operator.outputs)
    return known
