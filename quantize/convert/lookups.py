"""Tables that words are looked up in: they stay outside of the int8 model.

A device's model takes int8, and 256 values are too few for words. What a network looks up by an
integer input at once (``Gather`` of rows in ONNX, ``Embedding`` in Keras) is cut off: the model
takes the rows, the table is a file beside it, and a device copies rows of int8, which is exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

Table = NDArray[np.float32]


def looked_up(values: NDArray[Any], table: Table, *, name: str, where: str) -> Table:
    """Return the rows ``[..., values]`` of a table for places ``[...]``.

    Parameters
    ----------
    values
        Places, as any numbers that are whole.
    table
        float32 ``[rows, values]``.
    name, where
        What the input and the data are called in messages.

    Raises
    ------
    BadInput
        When a place is not whole, or the table has no such row.
    """
    places = np.asarray(values)
    rows = len(table)
    whole = places.dtype.kind in "iu" or bool((places == np.rint(places)).all())
    if not whole or bool((places < 0).any()) or bool((places >= rows).any()):
        raise BadInput(
            f"{where} has {printable(name)} from {places.min()} to {places.max()}, which are no "
            f"places 0 to {rows - 1} of the rows that the network looks up",
            hint="give the integers that the network takes",
        )
    return table[places.astype(np.int64)]


def cut_lookups(graph: Any) -> dict[str, Table]:
    """Cut the lookups off an ONNX graph, in place.

    Parameters
    ----------
    graph
        An ``onnx.GraphProto``.

    Returns
    -------
    The table of each input that is now the rows of one, by the input's name.
    """
    from onnx import TensorProto, numpy_helper

    weights = {each.name: each for each in graph.initializer}
    integers = (TensorProto.INT32, TensorProto.INT64)
    tables: dict[str, Table] = {}
    for each in graph.input:
        if each.type.tensor_type.elem_type not in integers or each.name in weights:
            continue
        nodes = _lookup(graph, each.name, set(weights))
        if not nodes:
            continue
        gather = nodes[-1]
        table = numpy_helper.to_array(weights[gather.input[0]])
        if table.ndim != 2 or table.dtype != np.float32:
            continue
        for node in nodes:
            graph.node.remove(node)
        for node in graph.node:
            for place, name in enumerate(node.input):
                if name == gather.output[0]:
                    node.input[place] = each.name
        each.type.tensor_type.elem_type = TensorProto.FLOAT
        each.type.tensor_type.shape.dim.add().dim_value = table.shape[1]
        tables[each.name] = table
    return tables


def _lookup(graph: Any, name: str, weights: set[str]) -> list[Any]:
    """Return the nodes from an input to the one lookup that it is for; none where it is no such."""
    given = {each.name for each in graph.output}
    nodes: list[Any] = []
    while True:
        takers = [node for node in graph.node if name in node.input]
        if len(takers) != 1 or name in given:
            return []
        (taker,) = takers
        nodes.append(taker)
        name = taker.output[0]
        if taker.op_type == "Gather":
            axis = next((each.i for each in taker.attribute if each.name == "axis"), 0)
            table, places = taker.input
            fit = axis == 0 and table in weights and places not in weights
            return nodes if fit and name not in given else []
        if taker.op_type not in {"Cast", "Identity"}:
            return []
