"""The Micro's service over the network: benchmarks, the clock, models sent and refused."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from micro_board import MODEL, Board, running, stand_in_file

RESTARTED = 42


def test_bench_tells_parameters_inferences_and_features_apart(program: Path, files: Path) -> None:
    (files / "models" / "model_edgetpu.tflite").write_bytes(stand_in_file(ms=60))
    with running(program, files) as board:
        found = board.result("bench", runs=20, warmup=2)
    assert (found["runs"], found["warmup"], found["clock"]) == (20, 2, "high")
    assert found["invoke_us_min"] <= found["invoke_us_p50"] <= found["invoke_us_p90"]
    assert found["invoke_us_p90"] <= found["invoke_us_p99"] <= found["invoke_us_max"]
    assert found["first_us"] >= 60_000 > found["invoke_us_p50"]
    assert found["parameters_us"] == found["first_us"] - found["invoke_us_p50"]
    assert found["feature_frames"] >= 200
    assert 0 < found["feature_us"] <= found["feature_us_max"]
    assert (found["tpu_degrees"], found["cpu_degrees"]) == (52.0, 41.5)


@pytest.mark.parametrize("runs", [0, 1001, -1, 1.5])
def test_bench_refuses_other_numbers(program: Path, files: Path, runs: float) -> None:
    with running(program, files) as board:
        assert "1 to 1000" in board.refused("bench", runs=runs)


def test_clock_is_kept_over_a_restart(program: Path, files: Path) -> None:
    with running(program, files) as board:
        assert board.result("info")["clock"] == "high"
        assert "low, medium" in board.refused("clock", mode="fast")
        assert board.result("clock", mode="max") == {"restarting": True}
        assert board.process.wait(10) == RESTARTED
    with running(program, files) as board:
        info = board.result("info")
        assert (info["clock"], info["tpu_degrees"]) == ("max", 53.0)


def upload(board: Board, data: bytes, *, digest: str | None = None, piece: int = 40) -> str | None:
    digest = digest or hashlib.sha256(data).hexdigest()
    board.result("model_begin", size=len(data), sha256=digest)
    for offset in range(0, len(data), piece):
        part = base64.b64encode(data[offset : offset + piece]).decode()
        taken = board.result("model_data", offset=offset, data=part)["taken"]
        assert taken == min(offset + piece, len(data))
    answer = board.call("model_end")
    return answer["error"]["message"] if "error" in answer else None


def test_uploaded_model_runs_after_the_restart(program: Path, files: Path) -> None:
    other = stand_in_file(ms=1)
    with running(program, files) as board:
        assert upload(board, other) is None
        assert board.process.wait(10) == RESTARTED
    with running(program, files) as board:
        info = board.result("info")
        assert info["problem"] == ""
        assert info["model_hash"] == hashlib.sha256(other).hexdigest()
        assert info["model_bytes"] == len(other)
        assert info["arena_used"] == 36


def test_damaged_uploads_are_refused_and_the_model_stays(program: Path, files: Path) -> None:
    data = stand_in_file(ms=1)
    with running(program, files) as board:
        assert "sha256 differs" in (upload(board, data, digest="0" * 64) or "")
        assert "no .tflite" in (upload(board, bytes(64)) or "")
        assert "does not fit" in board.refused("model_begin", size=4097, sha256="0" * 64)
        assert "64 hexadecimal" in board.refused("model_begin", size=64, sha256="0")
        assert "must come first" in board.refused("model_data", offset=0, data="AAAA")
        board.result("model_begin", size=64, sha256="0" * 64)
        assert "came before" in board.refused("model_data", offset=3, data="AAAA")
        assert "not complete" in board.refused("model_end")
        assert "base64" in board.refused("model_data", offset=0)
    assert (files / "models" / "model_edgetpu.tflite").read_bytes() == MODEL.compiled


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (None, "no model in the file system"),
        (stand_in_file() + bytes(5000), "larger than the room"),
        (stand_in_file(inputs=64), "another size"),
        (stand_in_file(arena=5000), "too small an arena"),
    ],
)
def test_board_without_a_model_says_why_and_takes_another(
    program: Path, files: Path, model: bytes | None, reason: str
) -> None:
    place = files / "models" / "model_edgetpu.tflite"
    place.unlink()
    if model is not None:
        place.write_bytes(model)
    with running(program, files) as board:
        info = board.result("info")
        assert reason in str(info["problem"])
        assert (info["model_hash"] == "0" * 64) == (info["model_bytes"] == 0)
        assert reason in board.refused("bench")
        assert upload(board, stand_in_file()) is None
