"""Which layer of the network a tensor of the converted graph belongs to.

The converter invents names of its own and reorders, fuses and drops operators. What a layer
computes stays: on the same input, a tensor of the float .tflite graph and the ONNX node that it
came from hold the same values. That finds the node; its name is the path of the torch module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quantize.runtimes.catalogue import Runtime
from quantize.runtimes.engines import LiteRtEngine
from quantize.tflite.model import Subgraph

if TYPE_CHECKING:
    import onnx

_TOLERANCE = 1e-4
"""Largest difference of two runs of one layer, as a share of its largest value."""
_ACTIVATIONS = frozenset({"Clip", "Relu"})
_NAMED_BY_MODULE = frozenset({"Conv", "Gemm", "MatMul"})


@dataclass(frozen=True, slots=True, eq=False)
class LayerValues:
    """What one ONNX node gave for one input: its layer's name, and the values channels last."""

    layer: str
    values: NDArray[np.float32]


def onnx_layer_values(
    graph: onnx.ModelProto, sample: Sequence[NDArray[np.float32]]
) -> list[LayerValues]:
    """Run an ONNX graph on one sample, its inputs in order, and return all nodes' results."""
    import onnx
    import onnxruntime

    nodes = [node for node in graph.graph.node if node.op_type != "Constant"]
    open_graph = onnx.ModelProto()
    open_graph.CopyFrom(graph)
    del open_graph.graph.output[:]
    for node in nodes:
        open_graph.graph.output.append(onnx.ValueInfoProto(name=node.output[0]))
    session = onnxruntime.InferenceSession(
        open_graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in graph.graph.input]
    feed = dict(zip(names, sample, strict=True))
    results = session.run([node.output[0] for node in nodes], feed)
    layers = _layers(nodes)
    return [
        LayerValues(layer, _channels_last(values))
        for layer, values in zip(layers, results, strict=True)
        if values.dtype == np.float32
    ]


def tflite_values(
    model: bytes, graph: Subgraph, sample: Sequence[NDArray[np.float32]]
) -> dict[int, NDArray[np.float32]]:
    """Run a float .tflite on one sample and return each operator's result by tensor index."""
    engine = LiteRtEngine(model, Runtime.LITERT_BUILTIN, num_threads=1, preserve=True)
    for position, values in enumerate(sample):
        engine.set_input(position, values)
    engine.invoke()
    return {each.outputs[0]: engine.tensor(each.outputs[0]) for each in graph.operators}


def name_layers(
    graph: Subgraph, values: dict[int, NDArray[np.float32]], layers: Sequence[LayerValues]
) -> list[tuple[str, str]]:
    """Pair tensors of a float .tflite graph with layers whose values they hold.

    Parameters
    ----------
    graph
        The float graph.
    values
        Its results by tensor index, from `tflite_values`.
    layers
        The network's results, from `onnx_layer_values`, on the same input.

    Returns
    -------
    Tensor name and layer name, in graph order. A PAD that the converter split off a convolution
    is named after it; a tensor with no like in the network, or with no name, is left out.
    """
    found: dict[int, str] = {}
    taken: set[int] = set()
    for index, mine in values.items():
        alike = [turn for turn, each in enumerate(layers) if same_values(mine, each.values)]
        if alike:
            # Layers that give the same, such as nothing at all, go by their turn.
            turn = next((turn for turn in alike if turn not in taken), alike[0])
            taken.add(turn)
            found[index] = layers[turn].layer
    for operator in graph.operators:
        for index in operator.inputs:
            maker = next((each for each in graph.operators if index in each.outputs), None)
            named = found.get(operator.outputs[0])
            if maker is not None and maker.name == "PAD" and index not in found and named:
                found[index] = f"{named}.padding"
    return [
        (graph.tensors[index].name, found[index])
        for index in values
        if index in found and graph.tensors[index].name
    ]


def layer_of(node_name: str, kind: str) -> str:
    """Turn an ONNX node's name into the torch module's path: ``/head/conv/Conv`` -> ``head.conv``.

    Nodes that are no module of their own keep their operation: ``/head/Mul`` -> ``head.Mul``. The
    exporter names a child of `Sequential` by its parent's name and its own, which is told once:
    ``/head/layers/layers.2/Conv`` -> ``head.layers.2``.
    """
    parts = [part for part in node_name.split("/") if part]
    if kind in _NAMED_BY_MODULE and len(parts) > 1:
        parts.pop()
    path: list[str] = []
    for part in parts:
        if path and part.startswith(f"{path[-1]}."):
            path.pop()
        path.append(part)
    return ".".join(path)


def _layers(nodes: Sequence[Any]) -> list[str]:
    """Name the layer of each node; an activation belongs to the convolution that it follows."""
    makers = {node.output[0]: node for node in nodes}
    out = []
    for node in nodes:
        maker = makers.get(node.input[0]) if node.input else None
        if node.op_type in _ACTIVATIONS and maker is not None:
            owner = maker if maker.op_type in _NAMED_BY_MODULE else node
        else:
            owner = node
        out.append(layer_of(owner.name, owner.op_type))
    return out


def _channels_last(values: NDArray[Any]) -> NDArray[Any]:
    return values.transpose(0, 2, 3, 1) if values.ndim == 4 else values


def same_values(
    one: NDArray[np.float32], other: NDArray[np.float32], *, tolerance: float = _TOLERANCE
) -> bool:
    """Whether two results hold the same values, whatever axes of length 1 they have."""
    if one.size != other.size or one.size == 0:
        return False
    largest = float(np.abs(one).max())
    return bool(np.abs(one.reshape(-1) - other.reshape(-1)).max() <= tolerance * largest)
