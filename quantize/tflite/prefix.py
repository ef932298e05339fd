"""The first operators of a model as a model of its own, to find the one that a runtime dies of."""

from __future__ import annotations

from quantize.tflite.flatbuffer import FlatBuffer
from quantize.tflite.model import Model

_SUBGRAPHS, _INPUTS, _OUTPUTS, _OPERATORS = 2, 1, 2, 3


def first_operators(data: bytes, model: Model, count: int) -> bytes:
    """Return a copy of a model that ends after `count` operators of its main subgraph.

    The vector of operators is made shorter in place, and every output becomes the last operator's
    (an input where none is left): no offset moves.

    Parameters
    ----------
    data
        The file's bytes.
    model
        The same, read.
    count
        0 to the number of operators.
    """
    graph = model.main
    last = graph.operators[count - 1].outputs if count else graph.inputs
    table = next(FlatBuffer(data).root(b"TFL3").tables(_SUBGRAPHS))
    shorter = bytearray(data)
    if graph.operators:
        at = table.vector_position(_OPERATORS) - 4
        shorter[at : at + 4] = count.to_bytes(4, "little")
    if last and graph.outputs:
        at = table.vector_position(_OUTPUTS)
        shorter[at : at + 4 * len(graph.outputs)] = last[0].to_bytes(4, "little") * len(
            graph.outputs
        )
    return bytes(shorter)
