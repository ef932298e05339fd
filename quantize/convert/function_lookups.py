"""Tables that a function of TensorFlow looks words up in, cut off as `lookups` does in ONNX.

Between the integers that Keras takes and the rows are casts, and a choice of what is added to
negative places. Whether places stay what they are is not read from these operators but tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantize.convert.functions import kinds_in, without_variables
from quantize.convert.lookups import Table

_OF_PLACES = frozenset(
    {"AddV2", "Add", "Cast", "GreaterEqual", "Identity", "Less", "Reshape", "Select", "SelectV2",
     "Squeeze", "ExpandDims"}
)  # fmt: skip
"""What may lie between integers and the rows that they are the places of."""
_GATHERS = frozenset({"Gather", "GatherV2", "ResourceGather"})
_FEWEST_TRIED = 2


@dataclass(frozen=True, slots=True, eq=False)
class CutFunction:
    """A function that takes rows where another took integers.

    Parameters
    ----------
    call
        Takes the inputs in order, those with a table as rows.
    shapes
        Of its inputs, batch 1 first.
    tables
        By the input's place.
    """

    call: Callable[..., list[Any]]
    shapes: tuple[tuple[int, ...], ...]
    tables: dict[int, Table]


def cut_function_lookups(function: Callable[..., list[Any]], spec: Sequence[Any]) -> CutFunction:
    """Cut off the lookups that are all that is done with an input.

    Parameters
    ----------
    function
        Takes tensors in order, gives a list of them.
    spec
        What it takes, with a batch of 1.

    Returns
    -------
    The function itself, and no tables, where there are none.
    """
    import tensorflow as tf

    shapes = tuple(tuple(each.shape.as_list()) for each in spec)
    as_it_is = CutFunction(function, shapes, {})
    concrete = tf.function(function, input_signature=list(spec)).get_concrete_function()
    if not kinds_in(concrete) & _GATHERS:
        return as_it_is
    frozen = without_variables(concrete)
    outputs = [tensor.name for tensor in frozen.outputs]
    graph_def = frozen.graph.as_graph_def()
    for node in graph_def.node:  # what runs after what matters to variables, of which none is left
        data = [name for name in node.input if not name.startswith("^")]
        del node.input[:]
        node.input.extend(data)
    whole = tf.compat.v1.wrap_function(
        lambda: tf.graph_util.import_graph_def(graph_def, name=""), []
    )
    feeds = [whole.graph.get_tensor_by_name(tensor.name) for tensor in frozen.inputs]
    ends = [whole.graph.get_tensor_by_name(name) for name in outputs]
    tables: dict[int, Table] = {}
    for place, given in enumerate(feeds):
        found = _lookup(given, ends)
        if found is None:
            continue
        rows, table = found
        if _places_stay(whole, given, rows.op.inputs[1], len(table)):
            feeds[place], tables[place] = rows, table
    if not tables:
        return as_it_is
    cut = whole.prune(feeds, ends)

    def call(*values: Any) -> list[Any]:
        return list(cut(*map(tf.convert_to_tensor, values)))

    return CutFunction(call, tuple(tuple(each.shape.as_list()) for each in feeds), tables)


def _lookup(given: Any, ends: Sequence[Any]) -> tuple[Any, Table] | None:
    """Return the rows that are all that is made of an input, and what they are rows of."""
    reached = set(map(id, _above(ends)))
    found: list[Any] = []
    waiting, seen = [given], {id(given)}
    while waiting:
        tensor = waiting.pop()
        if any(tensor is each for each in ends):
            return None
        for taker in tensor.consumers():
            if id(taker) not in reached:
                continue
            if taker.type == "GatherV2" and tensor is taker.inputs[1]:
                found.append(taker)
            elif taker.type not in _OF_PLACES:
                return None
            else:
                fresh = [each for each in taker.outputs if id(each) not in seen]
                seen |= {id(each) for each in fresh}
                waiting += fresh
    if len({id(each) for each in found}) != 1 or found[0].get_attr("batch_dims"):
        return None
    table, axis = (_known(found[0].inputs[place]) for place in (0, 2))
    if table is None or axis is None or int(axis) != 0:
        return None
    return (found[0].outputs[0], table) if table.ndim == 2 and table.dtype == np.float32 else None


def _above(ends: Sequence[Any]) -> Iterator[Any]:
    """Yield the operators that tensors are made by."""
    waiting = [tensor.op for tensor in ends]
    seen: set[int] = set()
    while waiting:
        operation = waiting.pop()
        if id(operation) not in seen:
            seen.add(id(operation))
            yield operation
            waiting += [tensor.op for tensor in operation.inputs]


def _known(tensor: Any) -> Any:
    import tensorflow as tf

    while tensor.op.type == "Identity":
        (tensor,) = tensor.op.inputs
    return tf.get_static_value(tensor)


def _places_stay(whole: Any, given: Any, places: Any, rows: int) -> bool:
    """Whether all integers below a number of rows are the places that they become, everywhere."""
    import tensorflow as tf

    try:
        run = whole.prune([given], [places])
    except ValueError:  # they hang on another input too
        return False
    size = given.shape.num_elements()
    kind = given.dtype.as_numpy_dtype
    for start in range(0, max(rows, _FEWEST_TRIED), size):
        tried = (np.arange(start, start + size) % rows).reshape(given.shape)
        for each in (tried, np.flip(tried)):
            (became,) = run(tf.constant(each.astype(kind)))
            if not np.array_equal(np.asarray(became).reshape(-1), each.reshape(-1)):
                return False
    return True
