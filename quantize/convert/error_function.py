"""Erf and Gelu of an ONNX graph as operators that have an int8 form.

TensorFlow Lite has no error function, and TFLite-Micro no GELU. Both become the approximation by
tanh of Hendrycks & Gimpel, "Gaussian Error Linear Units" (2016), which is at most 5e-4 from them:

    erf(z) = tanh(2 / sqrt(pi) * (z + 0.08943 z^3))
    gelu(x) = x * logistic(2 * sqrt(2 / pi) * (x + 0.044715 x^3))
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

_CUBE = 0.044715
ERF = (2 / math.sqrt(math.pi), 2 / math.sqrt(math.pi) * 2 * _CUBE)
_GELU = (2 * math.sqrt(2 / math.pi), 2 * math.sqrt(2 / math.pi) * _CUBE)


def without_error_functions(graph: Any) -> None:
    """Replace the nodes of an ONNX graph in place; the new ones bear their names.

    Parameters
    ----------
    graph
        An ``onnx.GraphProto``.
    """
    nodes: list[Any] = []
    for node in graph.node:
        if node.op_type == "Erf":
            nodes += _replaced(graph, node, ERF, "Tanh")
        elif node.op_type == "Gelu":
            nodes += _replaced(graph, node, _GELU, "Sigmoid")
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def _replaced(graph: Any, node: Any, factors: tuple[float, float], bend: str) -> Iterator[Any]:
    """Yield ``bend(x (a + b x^2))``, which a Gelu multiplies by x."""
    from onnx import helper, numpy_helper

    (x,), (made,) = node.input, node.output
    gelu = node.op_type == "Gelu"

    def inner(what: str) -> str:
        return f"{made}/{what}"

    for name, value in zip(("linear", "cubic"), factors, strict=True):
        weight = np.asarray(value, np.float32)
        graph.initializer.append(numpy_helper.from_array(weight, inner(name)))
    steps = [
        ("Mul", (x, x), inner("square")),
        ("Mul", (inner("square"), inner("cubic")), inner("scaled")),
        ("Add", (inner("scaled"), inner("linear")), inner("factor")),
        ("Mul", (x, inner("factor")), inner("bent")),
        (bend, (inner("bent"),), inner("share") if gelu else made),
        *([("Mul", (x, inner("share")), made)] if gelu else []),
    ]
    for place, (kind, given, gives) in enumerate(steps):
        yield helper.make_node(kind, given, [gives], name=f"{node.name or made}/{kind}_{place}")
