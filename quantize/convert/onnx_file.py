"""The bytes of an ONNX file become a graph of plain operators, or are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

_MOST_NODES = 100_000
"""Of a graph without functions: a few short functions that call each other may stand for 2^30."""


def parse_onnx(data: bytes) -> Any:
    """Return the model that a file holds, functions of its own written out.

    Raises
    ------
    BadInput
        When it is no ONNX, holds text that is none, or functions that have no end.
    """
    import onnx
    from onnx.inliner import inline_local_functions

    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own errors are not public
        raise BadInput(
            f"the file is no ONNX: {printable(str(error))}", hint="check that it is whole"
        ) from error
    for text in _broken_texts(model):
        raise BadInput(
            f"the file holds a name that is no UTF-8: {printable(text)}",
            hint="the file is damaged: export the network again",
        )
    if not model.functions:
        return model
    _check_functions(model)
    try:
        return inline_local_functions(model)
    except Exception as error:  # its errors have no common class
        raise BadInput(
            f"the functions of the ONNX graph cannot be written out: {printable(str(error))}",
            hint="check the file with onnx.checker",
        ) from error


def _broken_texts(message: Any) -> Iterator[bytes]:
    """Yield what stands for text and is none: protobuf gives it as bytes."""
    for field, value in message.ListFields():
        values = [value] if _is_single(field, value) else value
        if field.type == field.TYPE_STRING:
            yield from (each for each in values if isinstance(each, bytes))
        elif field.type == field.TYPE_MESSAGE:
            for each in values:
                yield from _broken_texts(each)


def _is_single(field: Any, value: Any) -> bool:
    return isinstance(value, str | bytes) or (
        field.type == field.TYPE_MESSAGE and hasattr(value, "ListFields")
    )


def _check_functions(model: Any) -> None:
    """Refuse functions that call themselves, or that written out are too many nodes."""
    bodies = {(each.domain, each.name): each.node for each in model.functions}
    sizes: dict[tuple[str, str], int] = {}
    pending = list(bodies)
    opened: set[tuple[str, str]] = set()
    while pending:
        key = pending[-1]
        calls = list(_calls(bodies[key]))
        missing = [each for each in calls if each in bodies and each not in sizes]
        if key in sizes or not missing:
            sizes[key] = 1 + sum(sizes.get(each, 1) for each in calls)
            pending.pop()
            continue
        if key in opened:
            raise BadInput(
                f"the function {printable(key[1])} of the ONNX graph calls itself",
                hint="export the network without functions of its own",
            )
        opened.add(key)
        pending += missing
    nodes = sum(sizes.get(each, 1) for each in _calls(model.graph.node))
    if nodes > _MOST_NODES:
        raise BadInput(
            f"the functions of the ONNX graph stand for more than {_MOST_NODES:,} nodes",
            hint="export a smaller network, without functions of its own",
        )


def _calls(nodes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Yield what nodes call, those in branches and loops too."""
    for node in nodes:
        yield node.domain, node.op_type
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from _calls(graph.node)
