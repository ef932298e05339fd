"""Forms of an ONNX graph that onnx2tf reads wrongly, in forms that it reads rightly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from quantize.convert.onnx_values import makers_of, origins, shapes_of
from quantize.convert.replacements import SELU_ALPHA, SELU_SCALE

_LONGEST_NAME = 100
_PLAIN = re.compile(r"[A-Za-z0-9_./:][A-Za-z0-9_./:-]{0,200}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_./-]")
_Step = tuple[str, tuple[str, ...], str]
"""An operator, what it takes and gives; nothing is what the replaced one takes and gives."""
_CELU: tuple[_Step, ...] = (
    ("Mul", ("", "inverse"), "scaled"),
    ("Elu", ("scaled",), "bent"),
    ("Mul", ("bent", "factor"), ""),
)
_SELU: tuple[_Step, ...] = (
    ("Elu", ("",), "bent"),
    ("Mul", ("bent", "factor"), "below"),
    ("Relu", ("",), "above"),
    ("Mul", ("above", "rest"), "share"),
    ("Add", ("below", "share"), ""),
)
_PRELU: tuple[_Step, ...] = (
    ("Relu", ("",), "above"),
    ("Min", ("", "zero"), "below"),
    ("Mul", ("below", "slopes"), "share"),
    ("Add", ("above", "share"), ""),
)
_ELEMENTWISE = frozenset({"Add", "Sub", "Mul", "Div"})
_KEEP_AXES = _ELEMENTWISE | {
    "BatchNormalization", "Clip", "Elu", "HardSwish", "Identity", "InstanceNormalization",
    "LeakyRelu", "Min", "PRelu", "Relu", "Sigmoid", "Tanh",
}  # fmt: skip


def readable(graph: Any) -> None:
    """Change an ``onnx.GraphProto`` in place; it gives the same."""
    _plain_names(graph)
    _constants_as_weights(graph)
    _plain_prelus(graph)
    _constants_of_full_rank(graph)
    _plain_elus(graph)
    _depth_by_blocks(graph)
    _channels_by_places(graph)


def _plain_names(graph: Any) -> None:
    """Give other names to what has names that TensorFlow takes none of: spaces, other scripts."""
    plain: dict[str, str] = {}

    def named(name: str) -> str:
        if not name or _PLAIN.fullmatch(name):
            return name
        if name not in plain:
            plain[name] = f"n{len(plain)}_{_NOT_PLAIN.sub('_', name)[:_LONGEST_NAME]}"
        return plain[name]

    for node in graph.node:
        node.name = named(node.name)
        for names in (node.input, node.output):
            names[:] = [named(name) for name in names]
    for each in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        each.name = named(each.name)


def _constants_as_weights(graph: Any) -> None:
    """Make weights of constants: of some operators onnx2tf reads no others."""
    kept = []
    for node in graph.node:
        values = next((_tensor_of(each) for each in node.attribute), None)
        if node.op_type == "Constant" and values is not None:
            values.name = node.output[0]
            graph.initializer.append(values)
        else:
            kept.append(node)
    if len(kept) < len(graph.node):
        del graph.node[:]
        graph.node.extend(kept)


def _tensor_of(attribute: Any) -> Any:
    """Return the value of a Constant as a tensor; `None` of what is no number."""
    from onnx import helper, numpy_helper

    kind = {"value_int": np.int64, "value_ints": np.int64, "value_float": np.float32,
            "value_floats": np.float32}.get(attribute.name)  # fmt: skip
    if kind is not None:
        return numpy_helper.from_array(np.asarray(helper.get_attribute_value(attribute), kind))
    return attribute.t if attribute.name == "value" else None


def _constants_of_full_rank(graph: Any) -> None:
    """Give a constant vector as many axes as what it is joined with.

    Else onnx2tf guesses along which axis it lies, and guesses wrongly where channels are last.
    """
    from onnx import numpy_helper

    weights = {each.name: each for each in graph.initializer}
    shapes = shapes_of(graph)
    for node in graph.node:
        if node.op_type not in _ELEMENTWISE or len(node.input) != 2:
            continue
        for place, name in enumerate(node.input):
            rank = len(shapes.get(node.input[1 - place], []))
            if name not in weights or not 1 <= len(weights[name].dims) < rank:
                continue
            values = numpy_helper.to_array(weights[name])
            wide = f"{name}/of_rank_{rank}"
            if wide not in weights:
                shaped = values.reshape((1,) * (rank - values.ndim) + values.shape)
                weights[wide] = numpy_helper.from_array(shaped, wide)
                graph.initializer.append(weights[wide])
            node.input[place] = wide


def _plain_elus(graph: Any) -> None:
    """Write Celu, Selu, and an Elu with a factor, by an Elu without, the only one on a device.

    celu(x) = a elu(x / a); an Elu of factor a is a elu(x) + (1 - a) relu(x); and a Selu is g times
    that.
    """
    from onnx import numpy_helper

    nodes: list[Any] = []
    for node in graph.node:
        said = {each.name: each.f for each in node.attribute}
        a, g = said.get("alpha", 1.0), 1.0
        if node.op_type == "Selu":
            a, g = said.get("alpha", SELU_ALPHA), said.get("gamma", SELU_SCALE)
        if node.op_type not in {"Celu", "Elu", "Selu"} or (node.op_type == "Elu" and a == 1.0):
            nodes.append(node)
            continue
        (made,) = node.output
        for name, value in {"factor": a * g, "rest": (1 - a) * g, "inverse": 1 / a}.items():
            weight = np.asarray(value, np.float32)
            graph.initializer.append(numpy_helper.from_array(weight, f"{made}/{name}"))
        nodes += _in_steps(node, _CELU if node.op_type == "Celu" else _SELU)
    del graph.node[:]
    graph.node.extend(nodes)


def _plain_prelus(graph: Any) -> None:
    """Write a PRelu of what was reshaped as relu(x) + slope min(x, 0).

    After a reshape, as that of a GroupNorm, onnx2tf has channels first still, and takes the last
    axis for that of the slopes.
    """
    from onnx import helper, numpy_helper

    weights = {each.name: each for each in graph.initializer}
    makers = makers_of(graph)
    known = {each.name: each.type for each in (*graph.input, *graph.value_info)}
    nodes: list[Any] = []
    for node in graph.node:
        slope = weights.get(node.input[1]) if node.op_type == "PRelu" else None
        if slope is None or node.input[0] not in known or not _is_reshaped(node, makers):
            nodes.append(node)
            continue
        (made,) = node.output
        zero = np.zeros((), np.float32)
        for values, name in ((numpy_helper.to_array(slope), "slopes"), (zero, "zero")):
            graph.initializer.append(numpy_helper.from_array(values, f"{made}/{name}"))
        for step in _in_steps(node, _PRELU):
            nodes.append(step)
            graph.value_info.append(helper.make_value_info(step.output[0], known[node.input[0]]))
    del graph.node[:]
    graph.node.extend(nodes)


def _in_steps(node: Any, steps: Sequence[_Step]) -> Iterator[Any]:
    """Yield the nodes that a node becomes."""
    from onnx import helper

    x, (made,) = node.input[0], node.output
    for place, (kind, given, gives) in enumerate(steps):
        inputs = [f"{made}/{each}" if each else x for each in given]
        output = f"{made}/{gives}" if gives else made
        yield helper.make_node(kind, inputs, [output], name=f"{node.name or made}/{kind}_{place}")


def _is_reshaped(node: Any, makers: Mapping[str, Any]) -> bool:
    """Whether what a node takes comes of a reshape through operators that keep its axes."""
    found = origins(node.input, makers, through=_KEEP_AXES)
    return any(maker is not None and maker.op_type == "Reshape" for maker in found)


def _depth_by_blocks(graph: Any) -> None:
    """Write DepthToSpace of columns before rows by one of blocks before channels, as TensorFlow's.

    Else onnx2tf writes a transpose of six axes, where TFLite-Micro takes five.
    """
    from onnx import helper, numpy_helper

    shapes = shapes_of(graph)
    nodes: list[Any] = []
    for node in graph.node:
        said = {each.name: each for each in node.attribute}
        depth = shapes.get(node.input[0], [])[1:2] if node.op_type == "DepthToSpace" else []
        if depth and depth[0] and "mode" in said and said["mode"].s == b"CRD":
            blocks = said["blocksize"].i ** 2
            order = np.arange(depth[0]).reshape(-1, blocks).T.reshape(-1)
            made = node.output[0]
            graph.initializer.append(numpy_helper.from_array(order, f"{made}/order"))
            given = [node.input[0], f"{made}/order"]
            turned = helper.make_node("Gather", given, [f"{made}/turned"], axis=1)
            turned.name = f"{node.name or made}/Gather"
            nodes.append(turned)
            node.input[0], said["mode"].s = f"{made}/turned", b"DCR"
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def _channels_by_places(graph: Any) -> None:
    """Write a shuffle of channels (two reshapes and a transpose between them) as a gather.

    Else onnx2tf has channels first after it, and may mistake them for rows of as many.
    """
    from onnx import helper, numpy_helper

    known = shapes_of(graph)
    takers: dict[str, list[Any]] = {each.name: [None] for each in graph.output}
    for node in graph.node:
        for name in node.input:
            takers.setdefault(name, []).append(node)
    for node in list(graph.node):
        moved = _only(takers, node, "Reshape", "Transpose")
        last = _only(takers, moved, "Transpose", "Reshape")
        if moved is None or last is None:
            continue
        whole, split = known.get(node.input[0], []), known.get(node.output[0], [])
        order = [0, 2, 1, *range(3, len(split))]
        same = known.get(last.output[0]) == whole and split[3:] == whole[2:]
        if len(whole) < 3 or len(split) != len(whole) + 1 or split[0] != whole[0] or not same:
            continue
        if list(moved.attribute[0].ints) != order:
            continue
        places = np.arange(whole[1]).reshape(split[1], split[2]).T.reshape(-1)
        made = last.output[0]
        graph.initializer.append(numpy_helper.from_array(places, f"{made}/places"))
        gather = helper.make_node("Gather", [node.input[0], f"{made}/places"], [made], axis=1)
        gather.name = f"{last.name or made}/Gather"
        graph.node.insert(list(graph.node).index(last), gather)
        for each in (node, moved, last):
            graph.node.remove(each)


def _only(takers: dict[str, list[Any]], node: Any, kind: str, next_kind: str) -> Any:
    """Return what alone takes what a node of one kind gives, where it is of another kind."""
    if node is None or node.op_type != kind:
        return None
    found = takers.get(node.output[0], [])
    fits = len(found) == 1 and found[0] is not None and found[0].op_type == next_kind
    return found[0] if fits and (next_kind != "Transpose" or found[0].attribute) else None
