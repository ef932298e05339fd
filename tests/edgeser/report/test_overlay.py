"""Node data as Model Explorer's own package reads it, on the graphs that its adapter makes."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edgeser.benchmark.operator_facts import ModelFacts
from edgeser.pipeline.overlay import facts_of_operators
from edgeser.report.overlay import Overlay, overlay_json
from quantize.foundation.errors import BadInput
from quantize.tflite import examine_model, read_model
from tests.edgeser.benchmark.saved import benchmark, operator, result, saved
from tests.firmware_bridge.compiler.state_models import StateBuilder

MODEL = Path(__file__).parents[2] / "vectors" / "amplitude_phase_int8.tflite"
Nodes = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def explorer() -> ModuleType:
    """Model Explorer, without PyTorch, which it would load for models that are no files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", None)
        reason = "ai-edge-model-explorer is not installed"
        return pytest.importorskip("model_explorer", reason=reason)


@pytest.fixture(scope="module")
def model() -> bytes:
    return MODEL.read_bytes()


@pytest.fixture(scope="module")
def files(model: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A benchmark and a parity of all of the model's operators."""
    folder = tmp_path_factory.mktemp("known")
    operators = read_model(model, name="x").main.operators
    rows = tuple(operator(op.index, 1000 + op.index, op.name) for op in operators)
    layers = [{"index": op.index, "operator": op.name, "sqnr_db": 30.5} for op in operators[:9]]
    layers[0]["sqnr_db"] = None
    parity = {"schema": "edgeser.parity/1", "layers": layers}
    return (
        saved(folder, "bench.json", benchmark(result(operators=rows))),
        saved(folder, "parity.json", parity),
    )


@pytest.fixture(scope="module")
def facts(model: bytes, files: tuple[Path, Path]) -> ModelFacts:
    return facts_of_operators(model, read_model(model, name="x"), bench=files[0], parity=files[1])


def graphs_of(explorer: ModuleType, path: Path) -> dict[str, Nodes]:
    """Return nodes by id by graph, as the viewer's adapter for .tflite files makes them."""
    from model_explorer.builtin_tflite_flatbuffer_adapter import BuiltinTfliteFlatbufferAdapter

    del explorer  # asked for, so that it is there
    collections = BuiltinTfliteFlatbufferAdapter().convert(str(path), {})["graphCollections"]
    return {
        graph["id"]: {node["id"]: node for node in graph["nodes"]}
        for collection in collections
        for graph in collection.graphs
    }


def shown(nodes: Nodes, results: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return what the viewer shows at each node: a tensor's name goes before a node's id."""
    by_tensor: dict[str, str] = {}
    for node in nodes.values():
        for tensor in node.get("outputsMetadata", []):
            names = [a["value"] for a in tensor["attrs"] if a["key"] == "tensor_name"]
            by_tensor |= dict.fromkeys(names, node["id"])
    found: dict[str, list[Any]] = {}
    for key, value in results.items():
        found.setdefault(by_tensor.get(key, key), []).append(value["value"])
    return found


@pytest.mark.parametrize("what", list(Overlay))
def test_the_viewers_classes_write_the_same(
    explorer: ModuleType, facts: ModelFacts, what: Overlay
) -> None:
    builder = explorer.node_data_builder
    ours = overlay_json(facts, what)
    for graph in ours.values():
        given = dict(graph)
        results = {
            key: builder.NodeDataResult(**value) for key, value in given.pop("results").items()
        }
        stops = [builder.GradientItem(**stop) for stop in given.pop("gradient", [])]
        built = builder.GraphNodeData(results=results, gradient=stops, **given)
        theirs = json.loads(builder.ModelNodeData({"main": built}).to_json_string())["main"]
        assert {key: theirs[key] for key in graph} == graph
        left = {key: value for key, value in theirs.items() if key not in graph}
        assert not any(left.values())  # what is left out is empty


def test_every_operator_has_its_own_node(
    explorer: ModuleType, model: bytes, facts: ModelFacts
) -> None:
    """56 operators of 117 nodes: the others are inputs, outputs and constants."""
    nodes = graphs_of(explorer, MODEL)["main"]
    assert (len(nodes), len(facts.graphs[0].operators)) == (117, 56)
    at = shown(nodes, overlay_json(facts, Overlay.INSTRUCTIONS)["main"]["results"])
    assert at == {str(index): [1000.0 + index] for index in range(56)}
    for row in read_model(model, name="x").main.operators:
        assert nodes[str(row.index)]["label"] == row.name.lower()


def test_either_version_of_parity_is_read(model: bytes, tmp_path: Path) -> None:
    layer = {"index": 2, "operator": "CONV_2D", "sqnr_db": 12.5}
    for number, within in (
        (1, {"layers": [layer]}),
        (2, {"float_against_int8": {"layers": [layer]}}),
    ):
        path = saved(tmp_path, "parity.json", {"schema": f"edgeser.parity/{number}", **within})
        found = facts_of_operators(model, read_model(model, name="x"), parity=path)
        assert [row.sqnr_db for row in found.graphs[0].operators[:4]] == [None, None, 12.5, None]


def test_what_a_node_says(facts: ModelFacts) -> None:
    results = list(overlay_json(facts)["main"]["results"].values())
    assert results[2]["value"] == (
        "1,002 instructions; 176 B parameters, 12.2 kB output; 30.5 dB; Edge TPU"
    )
    assert "dB" not in results[0]["value"]
    assert "dB" not in results[9]["value"]
    assert results[55]["bgColor"] == "#e66101"  # of the one that costs most


def test_numbers_of_one_kind(facts: ModelFacts) -> None:
    by_kind = {what: overlay_json(facts, what)["main"] for what in Overlay}
    assert [*by_kind[Overlay.BYTES]["results"].values()][2] == {"value": 176}
    assert [row["value"] for row in by_kind[Overlay.SQNR]["results"].values()] == [30.5] * 8
    placed = [*by_kind[Overlay.PLACEMENT]["results"].values()]
    assert {row["value"] for row in placed} == {"Edge TPU"}
    assert by_kind[Overlay.INSTRUCTIONS]["name"] == "edgeser: instructions"
    assert "emulator mps2-an500" in by_kind[Overlay.ALL]["name"]


def test_without_a_benchmark_bytes_and_placement_are_there_and_the_rest_is_named(
    model: bytes,
) -> None:
    facts = facts_of_operators(model, read_model(model, name="x"))
    assert [line.partition(":")[0] for line in facts.unknown] == ["instructions", "noise"]
    results = list(overlay_json(facts)["main"]["results"].values())
    assert results[0]["value"] == "14 B parameters, 6.4 kB output; Edge TPU"
    assert overlay_json(facts, Overlay.INSTRUCTIONS)["main"]["results"] == {}


def odd_names() -> bytes:
    """Two subgraphs; tensors called as nodes are, one name twice, and none at all."""
    builder = StateBuilder()
    x = builder.tensor((1, 4), scale=0.1, name="2")
    ys = [builder.tensor((1, 4), scale=0.1, name=name) for name in ("0", "twice", "twice", "1")]
    for one, next_one in zip((x, *ys), ys, strict=False):
        builder.operator("ABS", (one,), (next_one,), "Abs")
    builder.call_once(1)
    with builder.subgraph():
        a = builder.tensor((1, 4), scale=0.1, data=np.ones((1, 4), np.int8), name="a")
        builder.operator("ABS", (a,), (builder.tensor((1, 4), scale=0.1, name="b"),), "Abs")
    return builder.build((x,), (ys[-1],))


def test_names_that_look_like_places_lead_to_no_other_node(
    explorer: ModuleType, tmp_path: Path
) -> None:
    """A tensor that is called "1" is looked for before the node with that id."""
    data = odd_names()
    path = tmp_path / "odd.tflite"
    path.write_bytes(data)
    found = facts_of_operators(data, examine_model(data, name="x"))
    written = overlay_json(found, Overlay.BYTES)
    graphs = graphs_of(explorer, path)
    assert written.keys() == graphs.keys() == {"main", "once_0"}
    at = shown(graphs["main"], written["main"]["results"])
    assert sorted(at) == ["0", "3", "4"]
    assert all(len(values) == 1 for values in at.values())
    assert shown(graphs["once_0"], written["once_0"]["results"]).keys() == {"0"}
    assert any(line.startswith("2 operators") for line in found.unknown)


def test_names_that_are_no_text_are_found_by_their_place(
    explorer: ModuleType, tmp_path: Path
) -> None:
    builder = StateBuilder()
    tensors = [builder.tensor((1, 4), scale=0.1, name=name) for name in ("x", "caf\u00e9", "QQQQ")]
    for one, next_one in itertools.pairwise(tensors):
        builder.operator("ABS", (one,), (next_one,), "Abs")
    data = builder.build((tensors[0],), (tensors[-1],)).replace(b"QQQQ", b"Q\xff\xfeQ")
    path = tmp_path / "odd.tflite"
    path.write_bytes(data)
    written = overlay_json(facts_of_operators(data, examine_model(data, name="x")), Overlay.BYTES)
    assert written["main"]["results"].keys() == {"caf\u00e9", "1"}
    at = shown(graphs_of(explorer, path)["main"], written["main"]["results"])
    assert at == {"0": [0], "1": [0]}


@pytest.mark.parametrize(
    ("place", "graphs", "on_edge_tpu"),
    [
        ("cases/models/K_two_signatures.tflite", {"decode", "encode"}, None),
        ("cases/models/micro_speech_quantized.tflite", {"main"}, None),
        ("edgetpu_models/split_concat_edgetpu.tflite", {"main"}, {"Edge TPU"}),
    ],
)
def test_real_models(
    explorer: ModuleType, shared: Path, place: str, graphs: set[str], on_edge_tpu: set[str] | None
) -> None:
    """Of several subgraphs, of one without a name, and compiled for the Edge TPU."""
    path = shared / place
    if not path.exists():
        pytest.skip(f"no {place} there")
    data = path.read_bytes()
    model = examine_model(data, name="x")
    known = facts_of_operators(data, model)
    written = overlay_json(known, Overlay.BYTES)
    theirs = graphs_of(explorer, path)
    assert written.keys() == theirs.keys() == graphs
    for graph, subgraph in zip(known.graphs, model.subgraphs, strict=True):
        at = shown(theirs[graph.graph_id], written[graph.graph_id]["results"])
        assert set(at) == {str(operator.index) for operator in subgraph.operators}
    if on_edge_tpu is not None:
        assert {row.runs_on for row in known.graphs[0].operators} == on_edge_tpu


@pytest.mark.parametrize(
    ("row", "named"), [(operator(0, 1, "ADD"), "is CONV_2D"), (operator(99, 1), "is nothing")]
)
def test_a_benchmark_of_another_model_is_refused(
    model: bytes, tmp_path: Path, row: dict[str, Any], named: str
) -> None:
    path = saved(tmp_path, "bench.json", benchmark(result(operators=(row,))))
    with pytest.raises(BadInput, match="of another model") as error:
        facts_of_operators(model, read_model(model, name="x"), bench=path)
    assert named in error.value.message


@pytest.mark.parametrize(
    "table",
    [
        {},
        [],
        {"schema": "edgeser.lint/1", "layers": []},
        {"schema": "edgeser.parity/1"},
        {"schema": "edgeser.parity/2", "float_against_int8": None},
        {"schema": "edgeser.parity/1", "layers": [{"index": 0, "operator": "CONV_2D"}]},
        {
            "schema": "edgeser.parity/1",
            "layers": [{"index": 0, "operator": "CONV_2D", "sqnr_db": float("nan")}],
        },
    ],
)
def test_what_has_no_layers_noise_is_refused(model: bytes, tmp_path: Path, table: Any) -> None:
    path = saved(tmp_path, "parity.json", table)
    with pytest.raises(BadInput, match="no layers' noise"):
        facts_of_operators(model, read_model(model, name="x"), parity=path)


def test_a_benchmark_of_a_host_says_nothing_of_operators(model: bytes, tmp_path: Path) -> None:
    path = saved(tmp_path, "bench.json", benchmark())
    with pytest.raises(BadInput, match="does not say what each operator costs"):
        facts_of_operators(model, read_model(model, name="x"), bench=path)
