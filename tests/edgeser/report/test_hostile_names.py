"""A hostile name in every field that comes from outside: a terminal obeys none."""

from __future__ import annotations

import dataclasses
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from edgeser.cli import corpus, inspect
from edgeser.cli.output import Output
from edgeser.corpora.check import CorpusCheck
from edgeser.corpora.utterance import FileProblem
from edgeser.report import terminal
from edgeser.report.bench import bench_tables
from edgeser.report.contents import ReportContents
from edgeser.report.groups_terminal import group_tables
from edgeser.report.lint import lint_tables
from quantize.tflite.inspect import GraphSummary, ModelInspection, OperatorSummary, TensorSummary
from quantize.tflite.offenders import Offender
from quantize.tflite.remarks import Oddity, Unread
from tests.edgeser.report.hostile import EVIL, controls, lint_report, poisoned


def tables(contents: ReportContents, name: str) -> dict[str, RenderableType]:
    assert contents.parity and contents.verdict and contents.bench and contents.device
    assert contents.conditions and contents.ablation and contents.float_metrics
    assert contents.certainty and contents.groups_verdict
    return {
        "parity": terminal.parity_tables(contents.parity, contents.verdict),
        "bench": bench_tables(contents.bench),
        "device": bench_tables(contents.device),
        "metrics": terminal.metrics_table(contents.float_metrics, contents.int8_metrics),
        "groups": group_tables(contents.groups, contents.groups_verdict),
        "conditions": terminal.condition_table(contents.conditions),
        "certainty": terminal.certainty_tables(contents.certainty),
        "ablation": terminal.ablation_table(contents.ablation),
        "run": terminal.run_summary(contents),
        "lint": lint_tables(lint_report(name)),
    }


def test_the_walk_reaches_every_kind_of_name(failing: ReportContents) -> None:
    bad = poisoned(failing, "EVIL")
    assert bad.parity.worst_clips[0].clip_id == bad.bench.model == bad.recipe.text == "EVIL"
    assert bad.environment.versions[0] == ("EVIL", "EVIL")
    assert bad.bench.inference.unit == "ms"
    assert failing.bench is not None and failing.bench.model != "EVIL"


@EVIL
def test_a_terminal_obeys_nothing(failing: ReportContents, evil: str) -> None:
    for name, renderable in tables(poisoned(failing, evil), evil).items():
        out = StringIO()
        Console(file=out, width=120, highlight=False).print(renderable)
        assert not controls(out.getvalue()), name


def test_a_name_forges_no_line_and_no_style(
    failing: ReportContents, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, renderable in tables(poisoned(failing, "X\nfully int8: yes"), "X\nok").items():
        Output().show(renderable)
        lines = capsys.readouterr().out.splitlines()
        assert not [line for line in lines if line.strip() in ("fully int8: yes", "ok")], name
    Output().show(next(iter(tables(poisoned(failing, "[bold]x[/bold]"), "x").values())))
    assert "[bold]x[/bold]" in capsys.readouterr().out


@EVIL
def test_what_commands_show_and_note_steers_nothing(
    evil: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.table import Table

    output = Output()
    table = Table(evil, title=evil)
    table.add_row(evil)
    output.show(table)
    output.show(evil)
    output.note(evil)
    output.problem(evil)
    output.stage(evil)
    output.result({"name": evil, evil: [evil]})
    said = capsys.readouterr()
    assert not controls(said.out + said.err)
    assert len(said.err.splitlines()) == 3
    assert all(len(line) <= 2000 for line in said.err.splitlines())


@EVIL
def test_inspect_and_corpus_check_show_names_harmlessly(
    evil: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tensor = TensorSummary(0, "name", (1, 4), "int8", False, 0.5, 0, 1, None, None)
    operator = OperatorSummary(0, 0, "name", 1, True, (tensor,), (tensor,), None, 8)
    offenders = (Offender("name", "name", "float32"),)
    sizes = (100, 0, ("name",), 1, 8, (tensor,))
    graph = GraphSummary(0, "name", "name", (), (tensor,), (tensor,), (operator,))
    remarks = (Oddity("name", "name"),), (Unread("name", "name", "name"),)
    model = ModelInspection(
        *("name", "", 3, (tensor,), (tensor,), (operator,), *sizes, offenders, ("name",)),
        *((graph, graph), *remarks),
    )
    problem = FileProblem(Path("name"), "kind", "name")
    many, pair = ("name",) * 11, (("name", "name"),)
    counts = ({"name": 1},) * 4
    found = CorpusCheck("name", "name", False, (), (problem,), many, many, many, pair, (), *counts)
    inspect._show(poisoned(model, evil), Output())
    shown = capsys.readouterr().out
    assert not controls(shown)
    assert len([line for line in shown.splitlines() if line.startswith("fully int8")]) == 1
    bad = dataclasses.replace(problem, path=Path(evil.replace("\0", "")), detail=evil)
    corpus._show(dataclasses.replace(poisoned(found, evil), problems=(bad,)), Output())
    shown = capsys.readouterr().out
    assert not controls(shown)
    heads = [line.partition(":")[0] for line in shown.splitlines()[-2:]]
    assert heads == ["emotions", "speakers"]
