"""`edgeser export --target edgetpu --board coral-micro`; no board was there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.pipeline.exports.coral_micro import export_coral_micro
from quantize.runtimes import arena_usage

Edgeser = Callable[..., Any]
DOCS = Path(__file__).resolve().parents[3] / "docs" / "command-json.md"


@pytest.fixture(scope="module")
def models(shared: Path) -> Path:
    return shared / "edgetpu_models"


@pytest.fixture(scope="module")
def compiled_int8(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Google's compiled voice commands with its borders said to be int8: none there is."""
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")
    data = bytearray((models / "voice_commands_v0.7_edgetpu.tflite").read_bytes())
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    graph = model.subgraphs[0]
    for index in (*graph.inputs, *graph.outputs):
        graph.tensors[index].type = schema.TensorType.INT8
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    path = tmp_path_factory.mktemp("compiled") / "voice_edgetpu.tflite"
    path.write_bytes(bytes(builder.Output()))
    return path


def export(edgeser: Edgeser, model: Path, out: Path, *more: object) -> Any:
    common = ("--target", "edgetpu", "--board", "coral-micro", "--out", out)
    return edgeser("export", model, *common, *more, EDGETPU_COMPILER="", PATH="/usr/bin:/bin")


def documented(value: dict[str, Any]) -> None:
    lines = DOCS.read_text("utf-8").splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{value['schema']}` |")]
    for key in set(value) - {"schema"}:
        assert f"`{key}`" in row or f"`{key}[]`" in row, key


def test_a_compiled_model_becomes_an_application(
    edgeser: Edgeser, compiled_int8: Path, tmp_path: Path
) -> None:
    ran = export(edgeser, compiled_int8, tmp_path / "out", "--json")
    assert (ran.code, ran.err) == (0, "")
    value = json.loads(ran.out)
    assert value["compiled"]
    assert value["operators"] == ["edgetpu-custom-op"]
    assert value["tried_on_a_board"] is False
    assert "counted, not measured" in value["arena_reason"]
    assert value["arena_bytes"] >= 198 * 32 + 149
    documented(value)
    folder = tmp_path / "out" / "coral-micro"
    assert value["directory"] == str(folder)
    model = folder / "models" / "model_edgetpu.tflite"
    assert model.read_bytes() == compiled_int8.read_bytes()
    header = (folder / "model" / "model.h").read_text()
    assert "#define MODEL_INPUT_BYTES 6336\n" in header
    assert "#define MODEL_OUTPUT_BYTES 149\n" in header
    assert f"#define MODEL_ARENA_BYTES {value['arena_bytes']}\n" in header
    assert "never run on a board" in (folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("keras_lstm_mnist_ptq_edgetpu", "DMA hints are not deterministic"),
        ("split_concat_edgetpu", "3 inputs for the Edge TPU"),
    ],
)
def test_what_cannot_run_there_is_refused_by_reason(
    edgeser: Edgeser, models: Path, tmp_path: Path, name: str, reason: str
) -> None:
    ran = export(edgeser, models / f"{name}.tflite", tmp_path / "out")
    assert ran.code == 1
    assert "the Coral Dev Board Micro cannot run" in ran.err
    assert reason in ran.err
    assert not (tmp_path / "out" / "coral-micro").exists()


def test_uint8_is_refused(edgeser: Edgeser, models: Path, tmp_path: Path) -> None:
    ran = export(edgeser, models / "voice_commands_v0.7_edgetpu.tflite", tmp_path / "out")
    assert ran.code == 2
    assert "the model's input is uint8" in ran.err


def test_without_a_compiler_the_application_waits_for_the_model(
    edgeser: Edgeser, shared: Path, tmp_path: Path
) -> None:
    model = shared / "mlperf_tiny" / "kws_ref_model.tflite"
    ran = export(edgeser, model, tmp_path / "out", "--no-compile", "--json")
    assert ran.code == 0, ran.err
    value = json.loads(ran.out)
    documented(value)
    application = value["application"]
    assert not application["compiled"]
    used = arena_usage(model.read_bytes()).total.value
    assert 1.25 * used <= application["arena_bytes"] < 1.25 * used + 1024
    assert f"{used:,.0f} bytes, measured by tflite-micro" in application["arena_reason"]
    folder = Path(application["directory"])
    assert not (folder / "models").exists()
    assert "run `compile.sh` in the folder above first" in (folder / "README.md").read_text()


def test_memory_is_measured_on_the_uncompiled_model_where_there_is_one(
    compiled_int8: Path, shared: Path, tmp_path: Path
) -> None:
    plain = (shared / "mlperf_tiny" / "kws_ref_model.tflite").read_bytes()
    done = export_coral_micro(
        tmp_path / "app", name="x", compiled=compiled_int8.read_bytes(), uncompiled=plain,
        bundle=None,
    )  # fmt: skip
    assert "measured by tflite-micro" in done.model.arena_reason
    assert done.model.room_bytes >= 2 * len(compiled_int8.read_bytes()) - 1024


def test_other_boards_are_refused(edgeser: Edgeser, models: Path, tmp_path: Path) -> None:
    ran = edgeser("export", models / "split_concat.tflite", "--target", "edgetpu", "--board", "x")
    assert ran.code == 2
    assert "--board is coral-micro for --target edgetpu" in ran.err
