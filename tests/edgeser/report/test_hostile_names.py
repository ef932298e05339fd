"""Every renderer, with a hostile name in every field that comes from outside: nothing is forged.

The records of the made-up report are walked, so that a field that is added is tried as well.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from enum import Enum
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console, RenderableType

from edgeser.cli import app, corpus, inspect
from edgeser.cli.output import Output
from edgeser.corpora.check import CorpusCheck
from edgeser.corpora.utterance import FileProblem
from edgeser.evaluation.conditions import ConditionRow
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.metrics import Metrics
from edgeser.report import edge_tpu, json_format, junit, markdown, model_card, terminal
from edgeser.report.contents import ReportContents
from edgeser.report.drift import drift_tables
from edgeser.report.drift_json import drift_json
from edgeser.report.groups_terminal import group_tables
from edgeser.report.html import render_html
from edgeser.report.lint import lint_markdown, lint_sarif, lint_tables
from firmware_bridge.compiler.c_text import comment_text, string_literal
from firmware_bridge.compiler.names import model_name
from firmware_bridge.project.coral_micro import MicroModel, write_coral_micro
from quantize.edgetpu.lint import Finding, LintReport, Placement
from quantize.edgetpu.rules import RULES
from quantize.foundation.errors import BadInput
from quantize.foundation.files import open_regular
from quantize.foundation.measurement import Measurement
from quantize.tflite.inspect import GraphSummary, ModelInspection, OperatorSummary, TensorSummary
from quantize.tflite.model import Tensor
from quantize.tflite.offenders import Offender
from quantize.tflite.remarks import Oddity, Unread
from quantize.tflite.schema import DType

HOSTILE = {
    "escape": "conv\x1b[31m\x1b]0;owned\x07",
    "newline": "conv\nfully int8: yes\n# heading\n| a | b |\n- item",
    "return": "conv\rpassed",
    "nul": "conv\x00x",
    "rich": "[/red][bold]x[/]:smile:",
    "comment": "*/ int injected; /*",
    "many stars": "**//**/*/",
    "trigraph": "??/",
    "trigraphs": "?????/\"",
    "shell": "$(touch WAS-RUN)",
    "make": "$(shell touch WAS-RUN)",
    "backtick": "`touch WAS-RUN`",
    "html": "</script></pre></title><script>alert(1)</script><img src=x onerror=x>",
    "attribute": "\" onmouseover=\"x' onclick='y",
    "cdata": "]]><!--",
    "pipe": "a | b \\| c \\",
    "link": "[x](javascript:x) @all #1",
    "direction": "abc\u202edef\u2066",
    "line ends": "a\u2028b\u2029c\x85d",
    "surrogate": "half \ud800 pair \udcff",
    "no characters of XML": "\ufffe\uffff\x0b",
    "long": "n" * 10_000,
    "template": "{{ 7 * 7 }}{% x %}{name}%s",
}  # fmt: skip
EVIL = pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE.keys())
OURS = {"dtype", "unit", "interval_kind", "memory", "created", "label_kind"}
"""Fields of text that no file gives."""


def poisoned(value: Any, evil: str) -> Any:
    """Return a copy of a record in which every text that may come from a file is `evil`."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return evil
    if isinstance(value, tuple):
        return tuple(poisoned(item, evil) for item in value)
    if isinstance(value, dict):
        return {poisoned(k, evil): poisoned(item, evil) for k, item in value.items()}
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    if isinstance(value, ConditionRow) and value.name == "clean":  # by which it is found
        return dataclasses.replace(
            poisoned(dataclasses.replace(value, name=""), evil), name="clean"
        )
    copy = object.__new__(type(value))
    for field in dataclasses.fields(value):
        old = getattr(value, field.name)
        new = old if field.name in OURS and isinstance(old, str) else poisoned(old, evil)
        object.__setattr__(copy, field.name, new)
    return copy


def lint_report(name: str) -> LintReport:
    findings = (
        Finding(RULES["supported-operator"], 1, name, name, name),
        Finding(RULES["one-input"], None, name, name, name),
    )
    placements = (
        Placement(0, name, 3, name, "edgetpu", name),
        Placement(1, name, 1, name, "cpu", name),
    )
    return LintReport(name, placements, findings)


def tables(contents: ReportContents, name: str) -> dict[str, RenderableType]:
    assert contents.parity and contents.verdict and contents.bench and contents.device
    assert contents.conditions and contents.ablation and contents.float_metrics
    assert contents.certainty and contents.groups_verdict
    return {
        "parity": terminal.parity_tables(contents.parity, contents.verdict),
        "bench": terminal.bench_tables(contents.bench),
        "device": terminal.device_tables(contents.device),
        "metrics": terminal.metrics_table(contents.float_metrics, contents.int8_metrics),
        "groups": group_tables(contents.groups, contents.groups_verdict),
        "conditions": terminal.condition_table(contents.conditions),
        "certainty": terminal.certainty_tables(contents.certainty),
        "ablation": terminal.ablation_table(contents.ablation),
        "run": terminal.run_summary(contents),
        "lint": lint_tables(lint_report(name)),
    }


def markdowns(contents: ReportContents, name: str) -> dict[str, str]:
    assert contents.parity and contents.verdict and contents.bench and contents.device
    assert contents.device.parity
    return {
        "parity": markdown.parity_markdown(contents.parity, contents.verdict),
        "bench": markdown.bench_markdown(contents.bench),
        "device": markdown.device_markdown(contents.device),
        "device parity": markdown.device_parity_markdown(contents.device.parity),
        "report": markdown.report_markdown(contents),
        "groups": markdown.groups_markdown(*scores(contents)),
        "lint": lint_markdown(lint_report(name)),
    }


def junits(contents: ReportContents) -> dict[str, str]:
    assert contents.parity and contents.verdict and contents.bench and contents.device
    assert contents.device.parity
    return {
        "parity": junit.parity_junit(contents.parity, contents.verdict),
        "device parity": junit.device_parity_junit(contents.device.parity),
        "bench": junit.bench_junit(contents.bench),
        "device": junit.device_junit(contents.device),
        "groups": junit.groups_junit(*scores(contents)),
    }


def scores(
    contents: ReportContents,
) -> tuple[Metrics, Metrics, tuple[GroupScore, ...], GroupVerdict]:
    assert contents.float_metrics and contents.int8_metrics and contents.groups_verdict
    both = contents.float_metrics, contents.int8_metrics
    return (*both, contents.groups, contents.groups_verdict)


@EVIL
def test_drift_shows_names_harmlessly(evil: str, example: ModuleType) -> None:
    report = poisoned(example.drift(), evil)
    plain = poisoned(example.drift(), "name")
    out = StringIO()
    Console(file=out, width=80, highlight=False).print(drift_tables(report))
    assert not controls(out.getvalue())
    assert outline(markdown.drift_markdown(report)) == outline(markdown.drift_markdown(plain))
    assert not controls(markdown.drift_markdown(report))
    texts = (junit.drift_junit(report), junit.drift_junit(plain))
    found, same = (ET.fromstring(text) for text in texts)  # noqa: S314 - our own
    assert [element.tag for element in found.iter()] == [element.tag for element in same.iter()]
    assert json.loads(json.dumps(drift_json(report)))["planes"][0]["plane"] == evil


def controls(text: str) -> set[str]:
    """Return the characters of `text` that are not shown as they are, but for ends of lines."""
    return {c for c in text if c != "\n" and not c.isprintable() and c != "\u00a0"}


def test_the_walk_reaches_every_kind_of_name(failing: ReportContents) -> None:
    bad = poisoned(failing, "EVIL")
    assert bad.parity.worst_clips[0].clip_id == bad.bench.model == bad.recipe.text == "EVIL"
    assert bad.environment.versions[0] == ("EVIL", "EVIL")
    assert bad.bench.latency_ms.p50.unit == "ms"
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
    sizes = (100, 0, ("name",), 1, 8)
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


@EVIL
def test_an_application_for_the_micro_runs_no_name(evil: str, tmp_path: Path) -> None:
    tensor = Tensor(0, evil, (1, 4), (), DType.INT8, None, False, 0, None)
    model = MicroModel(
        name=evil,
        input=tensor,
        output=tensor,
        cpu_operators=(),
        arena_bytes=1024,
        arena_reason=evil,
        room_bytes=4096,
        compiled=None,
    )
    written = write_coral_micro(tmp_path / "p", model=model).directory
    plain = write_coral_micro(
        tmp_path / "q", model=dataclasses.replace(model, name="name", arena_reason="r")
    ).directory
    for name in ("CMakeLists.txt", "README.md"):
        text, same = (folder.joinpath(name).read_text("utf-8") for folder in (written, plain))
        assert len(text.splitlines()) >= len(same.splitlines())
        assert not controls(text), name
    lines = (written / "CMakeLists.txt").read_text("utf-8").splitlines()
    expected = (plain / "CMakeLists.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        line for line in expected if not line.startswith("#")
    ]


class Page(HTMLParser):
    """Count elements, and collect the names of attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes |= {name for name, _ in attrs}


@EVIL
def test_html_has_no_element_or_attribute_more(failing: ReportContents, evil: str) -> None:
    html = render_html(poisoned(failing, evil))
    html.encode("utf-8")
    plain, found = Page(render_html(poisoned(failing, "name"))), Page(html)
    # Drawings leave out what has no room; none has an element that a plain name does not give.
    assert set(found.elements) == set(plain.elements)
    for tag in ("script", "img", "title", "pre", "table", "h1", "h2", "section", "a", "tr", "td"):
        assert found.elements[tag] == plain.elements[tag], tag
    assert found.attributes == plain.attributes
    assert not controls(html)


BAR = re.compile(r"(?<!\\)(?:\\\\)*\|")
START = re.compile(r"#* ?-? ?")


def outline(text: str) -> list[str]:
    """Return the form of Markdown: headings, items, and tables by their number of columns."""
    form = []
    for line in text.splitlines():
        if line.startswith("|"):
            form.append(f"{len(BAR.findall(line)) - 1} columns")
        else:
            start = START.match(line)
            form.append((start.group() if start else "") + ("text" if line else ""))
    return form


@EVIL
def test_markdown_keeps_its_outline(failing: ReportContents, evil: str) -> None:
    benign = markdowns(poisoned(failing, "name"), "name")
    for name, text in markdowns(poisoned(failing, evil), evil).items():
        text.encode("utf-8")
        assert outline(text) == outline(benign[name]), name
        assert not controls(text), name
        raw = re.sub(r"\\.", "", text).replace("<sub>", "").replace("</sub>", "")
        assert not set(raw) & set("<>[]@~"), name


@EVIL
def test_junit_has_the_same_elements(failing: ReportContents, evil: str) -> None:
    benign = junits(poisoned(failing, "name"))
    for name, text in junits(poisoned(failing, evil)).items():
        found = ET.fromstring(text.encode("utf-8"))  # noqa: S314
        plain = ET.fromstring(benign[name])  # noqa: S314
        assert [e.tag for e in found.iter()] == [e.tag for e in plain.iter()], name
        assert not controls(text), name


@EVIL
def test_json_gives_the_names_back(failing: ReportContents, evil: str) -> None:
    bad = poisoned(failing, evil)
    text = json_format.dump_json(json_format.report_json(bad))
    text.encode("ascii")
    assert not controls(text)
    assert json.loads(text)["title"] == evil
    sarif = json.dumps(lint_sarif(lint_report(evil), uri="m\udcff\n.tflite", version="1"))
    assert json.loads(sarif)["version"] == "2.1.0"
    assert "m%FF%0A.tflite" in sarif


@EVIL
def test_text_of_an_edge_tpu_and_the_model_card_forge_no_line(
    evil: str, failing: ReportContents
) -> None:
    from quantize.edgetpu.device import EdgeTpuBench

    assert failing.bench is not None
    first = failing.bench.latency_ms.p50
    bench = EdgeTpuBench(evil, evil, None, failing.bench.samples_ms, first, None, None)  # type: ignore[arg-type]
    assert len(edge_tpu.bench_text(bench).splitlines()) == 2
    assert not controls(edge_tpu.bench_text(bench))
    assert not controls(edge_tpu.bench_markdown(bench, ()))
    ET.fromstring(edge_tpu.bench_junit(bench, ()).encode())  # noqa: S314
    figures = {evil: dataclasses.replace(first, source=evil)}
    lines = model_card._figures(figures)
    assert outline("\n".join(lines)) == ["4 columns"] * 3
    assert all(isinstance(figure, Measurement) for figure in figures.values())


@EVIL
def test_c_has_no_token_more(evil: str, tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    assert compiler is not None
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,31}", model_name(evil))
    comments = tmp_path / "comments.c"
    texts = (comment_text(evil), f"{comment_text(evil, limit=400)}.")
    comments.write_text("".join(f"/* {text} */\n" for text in texts), "ascii")
    command = [compiler, "-std=c11", "-Wall", "-Werror", "-E", "-P", str(comments)]
    left = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (left.stdout.strip(), left.stderr) == ("", "")

    given = "".join(c for c in evil if " " <= c <= "~")[:200]
    source, program = tmp_path / "names.c", tmp_path / "names"
    source.write_text(
        "#include <stdio.h>\n"
        f"static const char text[] = {string_literal(given)};\n"
        "int main(void) { fputs(text, stdout); return 0; }\n",
        "ascii",
    )
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run([compiler, *flags, str(source), "-o", str(program)], check=True)
    assert subprocess.run([program], check=True, capture_output=True).stdout.decode() == given


@EVIL
@pytest.mark.parametrize("kind", [BadInput, ValueError])
def test_an_error_is_one_line_that_quotes_little(
    kind: type[Exception], evil: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app._exit_code(kind(f"cannot use '{evil}': it is odd")) in (2, 4)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and not controls(said)
    assert len(said) < 500


ARGUMENTS: tuple[Callable[[str], list[str]], ...] = (
    lambda evil: [evil],
    lambda evil: ["inspect", evil],
    lambda evil: ["inspect", f"--{evil}"],
    lambda evil: ["bench", "x.tflite", "--runs", evil],
    lambda evil: ["report", "run", "--format", evil],
    lambda evil: ["corpus", "check", evil],
    lambda evil: ["corpus", "check", f"generic:{evil}"],
    lambda evil: ["run", evil],
    lambda evil: ["run", "demo", "--set", f"{evil}={evil}"],
    lambda evil: ["bench", "x.tflite", "--device", evil],
)


@EVIL
@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_arguments_are_quoted_harmlessly(
    arguments: Callable[[str], list[str]],
    evil: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = arguments(evil.replace("\0", "").replace("\ud800", ""))  # what no argument holds
    assert app._run(given) in (2, 3)
    said = capsys.readouterr()
    assert not controls(said.out + said.err)
    assert len(said.err) < 2000
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a\0b", "half \ud800"])
def test_what_no_file_can_be_called_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="no file has such a name"):
        open_regular(Path(name))


def test_a_file_name_that_is_no_text_is_named(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "from edgeser.cli import main; main()"]
    done = subprocess.run(
        [*program, "inspect", b"bad\xff\x1b[31m.tflite"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1 and b"\x1b" not in done.stderr
