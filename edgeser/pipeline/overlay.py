"""What is known of a model's operators, gathered: bytes, placement, instructions, noise."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeser.benchmark.operator_facts import GraphFacts, ModelFacts, OperatorFacts
from edgeser.pipeline.saved_benchmark import read_benchmark
from quantize.edgetpu import is_compiled
from quantize.edgetpu.lint import EDGE_TPU, lint_file
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable
from quantize.foundation.measurement import Measurement
from quantize.tflite.inspect import inspect_model
from quantize.tflite.model import Layer, Model, Subgraph

_PARITY = "edgeser.parity/"
_LIMIT_BYTES = 32 << 20
_PLACES = {True: "Edge TPU", False: "CPU"}
_COMPILED = "edgetpu-custom-op"


@dataclass(frozen=True, slots=True)
class _OfMain:
    """What is known of the operators of the main subgraph, by their place."""

    costs: Mapping[int, Measurement]
    noise: Mapping[int, float | None]
    places: Mapping[int, str]


def facts_of_operators(
    data: bytes, model: Model, *, bench: Path | None = None, parity: Path | None = None
) -> ModelFacts:
    """Gather what is known of each operator.

    Parameters
    ----------
    data
        The bytes of the .tflite.
    model
        The same, read.
    bench
        What ``edgeser bench MODEL --save`` wrote.
    parity
        What ``edgeser parity BUNDLE --json`` printed.

    Raises
    ------
    BadInput
        When one of the files cannot be read, or is of another model.
    """
    sources, unknown = [], []
    costs: dict[int, Measurement] = {}
    noise: dict[int, float | None] = {}
    if bench is None:
        unknown.append("instructions: give --bench FILE, from 'edgeser bench MODEL --save FILE'")
    else:
        costs, source = _costs(bench, model.main)
        sources.append(source)
    if parity is None:
        unknown.append("noise: give --parity FILE, what 'edgeser parity BUNDLE --json' prints")
    else:
        noise = _noise(parity, model.main)
        sources.append(f"noise of {parity}")
    if model.unread:
        unknown.append("placement: the model is not read")
    of_main = _OfMain(costs, noise, {} if model.unread else _places(data, model))
    graphs = dict[str, GraphFacts]()
    for graph, summary in zip(model.subgraphs, inspect_model(model).graphs, strict=True):
        name = graph.name or (f"subgraph_{graph.index}" if graph.index else "main")
        if name in graphs:
            unknown.append(f"subgraph {graph.index}: another one has its name, {printable(name)}")
            continue
        read_bytes = [operator.parameter_bytes for operator in summary.operators]
        known = of_main if graph.index == model.main.index else _OfMain({}, {}, {})
        graphs[name] = GraphFacts(name, tuple(_facts(graph, read_bytes, known)))
        if left := len(graph.operators) - len(graphs[name].operators):
            unknown.append(f"{left} operators whose tensors have names that are not theirs alone")
    return ModelFacts(tuple(graphs.values()), tuple(sources), tuple(unknown))


def _facts(graph: Subgraph, parameter_bytes: list[int], known: _OfMain) -> Iterator[OperatorFacts]:
    names = Counter(tensor.name for tensor in graph.tensors)
    for layer, read_bytes in zip(graph.layers, parameter_bytes, strict=True):
        key = _key(layer, names)
        if key is None:
            continue
        sizes = [tensor.byte_size for tensor in layer.outputs]
        whole = [size for size in sizes if size is not None]
        yield OperatorFacts(
            key=key,
            index=layer.index,
            kind=layer.name,
            parameter_bytes=read_bytes,
            output_bytes=sum(whole) if len(whole) == len(sizes) else None,
            cost=known.costs.get(layer.index),
            sqnr_db=known.noise.get(layer.index),
            runs_on=known.places.get(layer.index, ""),
        )


def _key(layer: Layer, names: Counter[str]) -> str | None:
    """Return what leads a viewer to an operator's node and to no other one.

    It looks for a tensor of that name first, and the last one of several counts; then for a node
    with that id, which is the operator's place. A name that is not UTF-8 reads otherwise there than
    here, where a backslash stands for what cannot be read.
    """
    for tensor in layer.outputs:
        name = tensor.name
        if name and "\\" not in name and names[name] == 1:
            return name
    place = str(layer.index)
    return None if names[place] else place


def _places(data: bytes, model: Model) -> dict[int, str]:
    if is_compiled(model):
        return {row.index: _PLACES[row.name == _COMPILED] for row in model.main.operators}
    placements = lint_file(data, model).placements
    return {row.operator: _PLACES[row.runs_on == EDGE_TPU] for row in placements}


def _costs(path: Path, graph: Subgraph) -> tuple[dict[int, Measurement], str]:
    """Return what each operator cost on the first target that knows it, and what target that is."""
    saved = read_benchmark(path)
    result = next((result for result in saved.results if result.operators), None)
    if result is None:
        raise BadInput(
            f"{path} does not say what each operator costs",
            hint="save it on the emulator or a board: edgeser bench MODEL --device emulator --save",
        )
    for row in result.operators:
        _require(path, graph, row.index, row.kind)
    costs = {row.index: row.cost for row in result.operators}
    return costs, f"{result.operators[0].cost.unit} on {result.label}"


def _noise(path: Path, graph: Subgraph) -> dict[int, float | None]:
    hint = "print one: edgeser parity BUNDLE --json"
    try:
        table = json.loads(read_bounded(path, limit_bytes=_LIMIT_BYTES))
        if not table["schema"].startswith(_PARITY):
            raise ValueError("another schema")
        held = table.get("float_against_int8") or table  # where edgeser.parity/2 has them
        rows = [_layer(row) for row in held["layers"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"{path} has no layers' noise of edgeser", hint=hint) from error
    for index, kind, _ in rows:
        _require(path, graph, index, kind)
    return {index: ratio for index, _, ratio in rows}


def _layer(row: Mapping[str, Any]) -> tuple[int, str, float | None]:
    index, kind, ratio = row["index"], row["operator"], row["sqnr_db"]
    fits = type(index) is int and isinstance(kind, str)
    if not fits or not (ratio is None or (type(ratio) in {int, float} and abs(ratio) < 1e6)):
        raise ValueError("no layer")
    return index, kind, ratio


def _require(path: Path, graph: Subgraph, index: int, kind: str) -> None:
    """Refuse what is said of an operator that the model does not have there."""
    there = graph.operators[index].name if 0 <= index < len(graph.operators) else "nothing"
    if there != kind:
        raise BadInput(
            f"{path} is of another model: its operator {index} is {printable(kind)}, here "
            f"it is {printable(there)}",
            hint="make it again with this model",
        )
