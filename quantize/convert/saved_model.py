"""A SavedModel that is not ours: looked at before TensorFlow loads it, in a child.

A SavedModel is a program. TensorFlow runs parts of it on loading (tables and other resources, own
savers), and the rest may read and write files. What is loaded here has neither: no resources, and
no operator that touches a text, a file or the outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from quantize.foundation.errors import BadInput, CheckFailed
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable

MODEL_FILE = "saved_model.pb"
SIGNATURE = "serving_default"
_MOST_SHOWN = 5
_SAVE = "save it with model.export(folder) of Keras 3, or tf.saved_model.save"
_KINDS = frozenset(
    {"user_object", "function", "variable", "bare_concrete_function", "constant",
     "captured_tensor", None}
)  # fmt: skip
_KINDS_SAID = {"resource": "a table or another resource", "asset": "a file"}
_STATEFUL = frozenset(
    {"ReadVariableOp", "ResourceGather", "StatefulPartitionedCall", "VarHandleOp",
     "DisableCopyOnRead", "If", "While", "Placeholder", "TensorListReserve"}
)  # fmt: skip


def check_saved_model(folder: Path, *, limit_bytes: int) -> None:
    """Refuse what would run something on loading, or touch files when it runs.

    Raises
    ------
    BadInput
        When it is no SavedModel of TensorFlow 2, or has resources or savers of its own.
    CheckFailed
        When what it holds reaches an operator that is not arithmetic: it is named.
    """
    from tensorflow.python.framework import dtypes, op_def_registry

    graphs = _meta_graphs(folder / MODEL_FILE, limit_bytes)
    serving = [graph for graph in graphs if "serve" in graph.meta_info_def.tags]
    if len(serving) != 1:
        raise BadInput(f"the SavedModel has {len(serving)} graphs to serve", hint=_SAVE)
    check_graph(serving[0], op_def_registry.get, text_type=dtypes.string.as_datatype_enum)


def check_graph(meta: Any, definition_of: Callable[[str], Any], *, text_type: int) -> None:
    """Check one graph of a SavedModel, see `check_saved_model`.

    Parameters
    ----------
    meta
        The graph, a ``MetaGraphDef``.
    definition_of
        Gives TensorFlow's definition of an operator; `None` of what is none of its own.
    text_type
        The number of the type of texts.
    """
    if not meta.object_graph_def.nodes:
        raise BadInput("the SavedModel is not of TensorFlow 2", hint=_SAVE)
    for node in meta.object_graph_def.nodes:
        kind = node.WhichOneof("kind")
        if kind not in _KINDS or node.saveable_objects or node.registered_saver:
            raise BadInput(
                f"the SavedModel holds {_KINDS_SAID.get(kind, 'a saver of its own')}, which would "
                "run code on loading",
                hint="save the network without tables, files and text processing",
            )
    if SIGNATURE not in meta.signature_def:
        others = sorted(name for name in meta.signature_def if not name.startswith("__"))
        raise BadInput(
            f"the SavedModel has no signature {SIGNATURE}, but {_listed(others)}",
            hint=f"save it with signatures={{'{SIGNATURE}': the function}}",
        )
    library = {each.signature.name: each for each in meta.graph_def.library.function}
    for node in _reached(meta, library):
        if node.op in library:
            continue
        if reason := _not_arithmetic(node, definition_of(node.op), text_type):
            raise CheckFailed(
                f"layer {printable(node.name)}: the operator {printable(node.op)} {reason}",
                hint="save the network alone, without reading, printing or text processing",
            )


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(printable, names[:_MOST_SHOWN]))
    return f"{shown} and others" if len(names) > _MOST_SHOWN else shown or "none at all"


def _meta_graphs(path: Path, limit_bytes: int) -> Any:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    read = saved_model_pb2.SavedModel()
    try:
        read.ParseFromString(read_bounded(path, limit_bytes=limit_bytes))
    except DecodeError as error:
        raise BadInput(f"{path.name} is damaged: it is no SavedModel", hint=_SAVE) from error
    return read.meta_graphs


def _reached(meta: Any, library: dict[str, Any]) -> Iterator[Any]:
    """Yield the nodes of every function that what is loaded may call.

    What saves and restores in a graph is not among them: it is called by the names of a session,
    of which there is none here.
    """
    waiting = [*meta.object_graph_def.concrete_functions]
    seen = set(waiting)
    while waiting:
        function = library.get(waiting.pop())
        if function is None:
            continue
        for node in function.node_def:
            yield node
            called = {node.op, *_functions_of(node)} - seen
            waiting.extend(called)
            seen |= called


def _functions_of(node: Any) -> Iterator[str]:
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        yield from (each.name for each in value.list.func)


def _not_arithmetic(node: Any, definition: Any, text_type: int) -> str:
    """Return why an operator is not run here; empty where it may be."""
    if definition is None:
        return "is not TensorFlow's own"
    if definition.is_stateful and node.op not in _STATEFUL:
        return "reaches outside of the network"
    types = [arg.type for arg in (*definition.input_arg, *definition.output_arg)]
    types += [value.type for value in node.attr.values()]
    types += [kind for value in node.attr.values() for kind in value.list.type]
    return "handles texts" if text_type in types else ""
