"""Concrete functions of TensorFlow: what is in them, and themselves without variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def kinds_in(concrete: Any) -> frozenset[str]:
    """Return the kinds of a function's operators, and of those in what it calls."""
    return frozenset(node.op for node in _nodes(concrete.graph.as_graph_def()))


def _nodes(definition: Any) -> Iterator[Any]:
    yield from definition.node
    for function in definition.library.function:
        yield from function.node_def


def without_variables(concrete: Any) -> Any:
    """Return a function that gives the same, its variables constants, its loops still loops."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    return convert_variables_to_constants_v2(concrete, lower_control_flow=False)
