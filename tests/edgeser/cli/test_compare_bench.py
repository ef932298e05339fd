"""`edgeser compare-bench` and `edgeser inspect --overlay`, as a user gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgeser.cli import app
from edgeser.cli.results import ResultFiles
from quantize.tflite import read_model
from tests.edgeser.benchmark.saved import FIGURES, benchmark, operator, result, saved

MODEL = Path(__file__).parents[2] / "vectors" / "amplitude_phase_int8.tflite"
Said = tuple[int, str, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def in_process(*arguments: object) -> Said:
        code = app._run([*map(str, arguments)])
        return (code, *capsys.readouterr())

    return in_process


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    grown = FIGURES | {"inference_instructions": 1_010_001.0}
    return (
        saved(tmp_path, "old.json", benchmark()),
        saved(tmp_path, "new.json", benchmark(result(grown))),
    )


def test_exit_codes(run: Any, files: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = files
    assert run("compare-bench", old, new)[0] == 0
    assert run("compare-bench", old, new, "--max-instructions", "+1.0001%")[0] == 0
    code, out, err = run("compare-bench", old, new, "--max-instructions", "+1%")
    assert (code, "+1% NO" in out) == (1, True)
    assert err == (
        "edgeser: benchmark: inference_instructions is 1,010,001, before 1,000,000: the limit +1% "
        "allows 1,010,000\n"
    )
    assert run("compare-bench", old, new, "--max", "flash_bytes=-1%")[0] == 1
    for wrong in (
        ("compare-bench", old, tmp_path / "none.json"),
        ("compare-bench", old, new, "--max-flash", "much"),
        ("compare-bench", old, new, "--max", "flash_bytes"),
        ("compare-bench", old),
        ("compare-bench", old, saved(tmp_path, "x.json", benchmark(result(name="other")))),
    ):
        code, out, err = run(*wrong)
        assert (code, out) == (2, "")
        assert err


def test_results_for_machines(
    run: Any, files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    places = ("--junit", tmp_path / "x.xml", "--markdown", tmp_path / "x.md")
    code, out, _ = run("compare-bench", *files, "--max-ram=+2%", "--json", *places)
    assert code == 0
    table = json.loads(out)
    assert (table["schema"], table["passed"]) == ("edgeser.compare-bench/1", True)
    assert 'failures="0"' in (tmp_path / "x.xml").read_text()
    assert summary.read_text() == (tmp_path / "x.md").read_text() != ""


def test_what_is_saved_is_what_json_prints_and_no_other_file(tmp_path: Path) -> None:
    kept = ResultFiles(None, None, tmp_path / "x.json")
    with kept.writing(junit=str, markdown=str, saved=lambda: {"schema": "x", "é": 1.5}):
        pass
    assert (tmp_path / "x.json").read_text() == (
        json.dumps({"schema": "x", "é": 1.5}, indent=2) + "\n"
    )
    with pytest.raises(Exception, match="--save and another result"):
        ResultFiles(tmp_path / "x", None, tmp_path / "x")
    with pytest.raises(Exception, match="cannot write"):
        ResultFiles(None, None, tmp_path)


def test_an_overlay_is_written_and_what_is_not_known_is_said(run: Any, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.json"
    code, _, err = run("inspect", MODEL, "--overlay", overlay)
    assert code == 0
    assert "instructions: give --bench FILE" in err
    assert "noise: give --parity FILE" in err
    assert len(json.loads(overlay.read_text())["main"]["results"]) == 56


def test_one_thing_as_numbers(run: Any, tmp_path: Path) -> None:
    operators = read_model(MODEL.read_bytes(), name="x").main.operators
    rows = tuple(operator(op.index, op.index + 1, op.name) for op in operators)
    bench = saved(tmp_path, "bench.json", benchmark(result(operators=rows)))
    overlay = tmp_path / "overlay.json"
    chosen = ("--overlay-of", "instructions", "--bench", bench)
    assert run("inspect", MODEL, "--overlay", overlay, *chosen, "-q")[::2] == (0, "")
    results = json.loads(overlay.read_text())["main"]["results"].values()
    assert [row["value"] for row in results] == [index + 1 for index in range(56)]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--bench", "x.json"], "--bench is for --overlay"),
        (["--overlay-of", "bytes"], "--overlay-of is for --overlay"),
        (["--overlay", "x.json", "--overlay-of", "sqnr"], "needs --parity FILE"),
        (["--overlay", "x.json", "--overlay-of", "instructions"], "needs --bench FILE"),
        (["--overlay", "x.json", "--parity", "x.json"], "--overlay would write over"),
        (["--overlay", str(MODEL)], "--overlay would write over"),
    ],
)
def test_what_makes_no_overlay_is_refused(run: Any, given: list[str], named: str) -> None:
    code, _, err = run("inspect", MODEL, *given)
    assert code == 2
    assert named in " ".join(err.split())
