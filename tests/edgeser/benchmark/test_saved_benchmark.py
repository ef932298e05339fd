from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.pipeline.saved_benchmark import read_benchmark
from quantize.foundation.errors import BadInput
from tests.edgeser.benchmark.saved import benchmark, operator, result, saved


def refused(path: Path) -> str:
    with pytest.raises(BadInput) as error:
        read_benchmark(path)
    assert error.value.hint
    return error.value.message


def test_what_is_read(tmp_path: Path) -> None:
    rows = benchmark(result(operators=(operator(0, 12),)), result(name="host", kind="host"))
    found = read_benchmark(saved(tmp_path, "x.json", rows))
    assert found.model == "kws"
    assert [row.label for row in found.results] == ["emulator mps2-an500", "host"]
    assert found.results[0].figures["flash_bytes"].value == 50_000
    assert found.results[0].operators[0].cost.value == 12


@pytest.mark.parametrize("schema", ["edgeser.bench/1", "edgeser.bench-boards/1"])
def test_an_earlier_version_is_told(tmp_path: Path, schema: str) -> None:
    message = refused(saved(tmp_path, "x.json", {"schema": schema}))
    assert message.endswith(f"is of the schema {schema}, not edgeser.bench/2")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "null", '{"schema": 3}', "[" * 100_000, '{"schema": "edgeser.lint/1"}']
)
def test_what_is_no_benchmark_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    assert str(path) in refused(path)


def _set(*place: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(table: dict[str, Any]) -> None:
        *way, last = place
        at: Any = table
        for step in way:
            at = at[step]
        at[last] = to

    return change


FIGURES = ("results", 0, "figures")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_set("results", to={}), "results is no list"),
        (_set("results", to=[]), "no results"),
        (_set("results", to=[7]), "results[0].target"),
        (_set("results", 0, "target", to="x"), "results[0].target is no object"),
        (_set("results", 0, "target", "name", to=7), "results[0].target.name is no text"),
        (_set(*FIGURES, to=[]), "results[0].figures is no object"),
        (_set(*FIGURES, "flash_bytes", to=3), "results[0].figures.flash_bytes is no figure"),
        (_set(*FIGURES, "flash_bytes", "value", to=-1), "flash_bytes is no count of bytes"),
        (_set(*FIGURES, "flash_bytes", "value", to="1"), "flash_bytes is no figure"),
        (_set(*FIGURES, "flash_bytes", "unit", to="kB"), "flash_bytes is no count of bytes"),
        (_set(*FIGURES, "flash_bytes", "evidence", to="guessed"), "flash_bytes is no figure"),
        (_set(*FIGURES, to={f"f{i}": None for i in range(999)}), "over 200 figures"),
        (_set("results", 0, "operators", 0, "index", to=True), "operators[0].index is no count"),
        (_set("results", 0, "operators", 0, "cost", to=None), "operators[0].cost is no object"),
        (_set("results", 0, "memory", to=[{}]), "memory[0].name is missing"),
        (_set("model", to=None), "model is no text"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], named: str
) -> None:
    table = benchmark(result(operators=(operator(0, 12),)))
    change(table)
    assert named in refused(saved(tmp_path, "x.json", table))


def test_no_number_without_end_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    text = json.dumps(benchmark())
    for odd in ("NaN", "Infinity", "1" * 5000):
        path.write_text(text.replace("50000", odd))
        refused(path)


def test_two_results_of_one_target_are_refused(tmp_path: Path) -> None:
    assert "same target" in refused(saved(tmp_path, "x.json", benchmark(result(), result())))


def test_names_steer_no_terminal(tmp_path: Path) -> None:
    table = benchmark(result(name="\x1b[31m", problem="a\nb"), model="\u202ekws")
    found = read_benchmark(saved(tmp_path, "x.json", table))
    assert (found.model, found.results[0].label) == ("\\u202ekws", "emulator \\x1b[31m")
    assert found.results[0].problem == "a\\x0ab"


def test_no_fifo_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.json")
    assert "not a regular file" in refused(tmp_path / "x.json")
