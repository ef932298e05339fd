"""Largest values of padded windows, in an ONNX graph, without the infinity that pads them.

onnx2tf pads by the least float there is, for which int8 has no step beside those of the values:
the stem of a ResNet, three by three with stride two, was left with 6 dB. A window's largest value
is the same with a zero where nothing is below zero, else with its outermost value once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from quantize.convert.onnx_values import makers_of, origins, shapes_of

_NEVER_NEGATIVE = frozenset({"Relu", "Sigmoid", "Softmax", "Softplus", "HardSigmoid", "Abs"})
_KEEP_SIGN = frozenset({"Concat", "Dropout", "Identity", "MaxPool", "AveragePool"})


def without_infinite_padding(graph: Any) -> None:
    """Change an ``onnx.GraphProto`` in place, shapes known; it gives the same."""
    known, makers = shapes_of(graph), makers_of(graph)
    nodes: list[Any] = []
    for node in graph.node:
        sizes = [known.get(name, []) for name in (*node.input[:1], *node.output[:1])]
        padded = node.op_type == "MaxPool" and len(node.output) == 1 and all(map(all, sizes))
        pads = _pads(node, *sizes) if padded and all(sizes) else []
        if any(any(pair) for pair in pads):
            grow = _by_zeros if _never_negative(node.input[0], makers) else _by_edges
            nodes += grow(graph, node, pads)
            kept = [a for a in node.attribute if a.name not in ("pads", "ceil_mode", "auto_pad")]
            del node.attribute[:]
            node.attribute.extend(kept)
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def _pads(node: Any, given: list[int], made: list[int]) -> list[tuple[int, int]]:
    """Return what is missing before and behind each axis; nothing where TensorFlow pads the same.

    Its own padding (SAME) has nothing to quantise.
    """
    said = {each.name: each for each in node.attribute}
    kernel = list(said["kernel_shape"].ints)
    rank = len(kernel)
    strides, dilations = (
        list(said[name].ints) if name in said else [1] * rank for name in ("strides", "dilations")
    )
    first = list(said["pads"].ints)[:rank] if "pads" in said else [0] * rank
    automatic = "auto_pad" in said and said["auto_pad"].s not in (b"", b"NOTSET")
    if automatic or any(dilation > 1 for dilation in dilations):  # a window may skip the edge
        return []
    pads, same = [], []
    for size, count, k, stride, before in zip(
        given[2:], made[2:], kernel, strides, first, strict=True
    ):
        behind = max(0, (count - 1) * stride + k - size - before)
        pads.append((before, behind))
        whole = max(0, (-(-size // stride) - 1) * stride + k - size)
        fits = (before, behind) == (whole // 2, whole - whole // 2)
        same.append(fits and count == -(-size // stride))
    return [] if all(same) else pads


def _never_negative(name: str, makers: Mapping[str, Any]) -> bool:
    found = origins([name], makers, through=_KEEP_SIGN)
    return all(maker is not None and maker.op_type in _NEVER_NEGATIVE for maker in found)


def _by_zeros(graph: Any, node: Any, pads: list[tuple[int, int]]) -> list[Any]:
    """Put a Pad of zeros before a pool."""
    from onnx import helper, numpy_helper

    made = f"{node.output[0]}/padded"
    sides = [0, 0, *(before for before, _ in pads), 0, 0, *(behind for _, behind in pads)]
    for name, values in (("pads", np.asarray(sides)), ("zero", np.zeros((), np.float32))):
        graph.initializer.append(numpy_helper.from_array(values, f"{made}/{name}"))
    given = [node.input[0], f"{made}/pads", f"{made}/zero"]
    node.input[0] = made
    return [helper.make_node("Pad", given, [made], name=f"{node.name or made}/Pad")]


def _by_edges(graph: Any, node: Any, pads: list[tuple[int, int]]) -> list[Any]:
    """Put the outermost values before and behind each axis once more."""
    from onnx import helper, numpy_helper

    nodes = []
    for axis, (before, behind) in enumerate(pads, 2):
        if not before and not behind:
            continue
        whole, made = node.input[0], f"{node.output[0]}/padded_{axis}"
        parts = []
        for side, start, end in (("first", 0, 1), ("last", -1, np.iinfo(np.int64).max)):
            part = f"{made}/{side}"
            for name, value in (("start", start), ("end", end), ("axis", axis)):
                at = np.asarray([value], np.int64)
                graph.initializer.append(numpy_helper.from_array(at, f"{part}/{name}"))
            given = [whole, *(f"{part}/{name}" for name in ("start", "end", "axis"))]
            if before if side == "first" else behind:
                nodes.append(helper.make_node("Slice", given, [part], name=part))
            parts.append(part)
        joined = [parts[0]] * before + [whole] + [parts[1]] * behind
        nodes.append(helper.make_node("Concat", joined, [made], name=made, axis=axis))
        node.input[0] = made
    return nodes
