"""Forms of an ONNX graph that onnx2tf reads wrongly, in forms that it reads rightly."""

from __future__ import annotations

from typing import Any

_ELEMENTWISE = frozenset({"Add", "Sub", "Mul", "Div"})


def readable(graph: Any) -> None:
    """Change an ``onnx.GraphProto`` in place; it gives the same."""
    _constants_as_weights(graph)
    _constants_of_full_rank(graph)


def _constants_as_weights(graph: Any) -> None:
    """Make weights of constants: of some operators onnx2tf reads no others."""
    kept = []
    for node in graph.node:
        values = next((each.t for each in node.attribute if each.name == "value"), None)
        if node.op_type == "Constant" and values is not None:
            values.name = node.output[0]
            graph.initializer.append(values)
        else:
            kept.append(node)
    if len(kept) < len(graph.node):
        del graph.node[:]
        graph.node.extend(kept)


def _constants_of_full_rank(graph: Any) -> None:
    """Give a constant vector as many axes as what it is joined with.

    Else onnx2tf guesses along which axis it lies, and guesses wrongly where channels are last.
    """
    from onnx import numpy_helper

    weights = {each.name: each for each in graph.initializer}
    ranks = {
        each.name: len(each.type.tensor_type.shape.dim)
        for each in (*graph.input, *graph.value_info, *graph.output)
    }
    for node in graph.node:
        if node.op_type not in _ELEMENTWISE or len(node.input) != 2:
            continue
        for place, name in enumerate(node.input):
            rank = ranks.get(node.input[1 - place], 0)
            if name not in weights or not 1 <= len(weights[name].dims) < rank:
                continue
            values = numpy_helper.to_array(weights[name])
            wide = f"{name}/of_rank_{rank}"
            if wide not in weights:
                shaped = values.reshape((1,) * (rank - values.ndim) + values.shape)
                weights[wide] = numpy_helper.from_array(shaped, wide)
                graph.initializer.append(weights[wide])
            node.input[place] = wide
