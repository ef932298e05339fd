"""Results go to stdout, the rest to stderr; bars only on a terminal and only when it takes long."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.cli.output import Output

Edgeser = Callable[..., Any]
STAGE = """
import sys, time
from edgeser.cli.output import Output
output = Output()
step = output.stage("Counting sheep")
for done in range(1, 4):
    time.sleep({pause})
    step(done, 3)
output.note("asleep")
output.show("result")
output.close()
"""


def on_a_terminal(program: str) -> str:
    """Run Python code on a pseudo-terminal and return what it showed there."""
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(slave)
    shown = b""
    end = time.monotonic() + 30
    while time.monotonic() < end and select.select([master], [], [], 30)[0]:
        try:
            part = os.read(master, 4096)
        except OSError:  # the terminal closes with its last writer
            break
        if not part:
            break
        shown += part
    os.close(master)
    assert child.wait(10) == 0
    return shown.decode()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 8000), 16_000)
    return path


def test_a_stage_that_takes_over_a_second_has_a_bar_with_time_left_on_a_terminal() -> None:
    shown = on_a_terminal(STAGE.format(pause=0.6))
    assert "Counting sheep" in shown
    assert "2/3" in shown
    assert "0:00:0" in shown
    assert "asleep" in shown
    assert shown.index("2/3") < shown.index("asleep") < shown.index("result")


def test_a_short_stage_has_no_bar() -> None:
    shown = on_a_terminal(STAGE.format(pause=0.01))
    assert "Counting sheep" not in shown
    assert "result" in shown


def test_there_is_no_bar_when_it_is_not_a_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STAGE.format(pause=0.6)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "result\n"
    assert done.stderr == "Counting sheep\nasleep\n"


def test_lines_are_not_broken_where_there_is_no_terminal(tmp_path: Path) -> None:
    note = " ".join(["x" * 29] * 10)
    program = f"from edgeser.cli.output import Output; Output().note({note!r})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert done.stderr == f"{note}\n"


def test_markup_in_names_of_files_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.note("[bold]x[/bold]")
    output.stage("[red]y")
    output.show("[z]")
    assert capsys.readouterr() == ("[z]\n", "[bold]x[/bold]\n[red]y\n")


def test_json_is_all_there_is_on_stdout(edgeser: Edgeser, clip: Path, tmp_path: Path) -> None:
    ran = edgeser("features", clip, tmp_path / "none.wav", "--out", tmp_path, "--json")
    assert ran.code == 2
    result = json.loads(ran.out)
    assert result["schema"] == "edgeser.features/1"
    assert result["files"][0]["frames"] == 48
    assert "none.wav" in ran.err
    assert len(result["problems"]) == 1


@pytest.mark.parametrize(
    ("arguments", "schema"),
    [(("corpus", "list"), "edgeser.corpora/1"), (("doctor",), "edgeser.doctor/1")],
)
def test_json_results_name_their_schema(
    arguments: tuple[str, ...], schema: str, edgeser: Edgeser
) -> None:
    ran = edgeser(*arguments, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["schema"] == schema


def test_quiet_says_nothing_when_all_is_well(edgeser: Edgeser, clip: Path, tmp_path: Path) -> None:
    ran = edgeser("features", clip, "--out", tmp_path, "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (tmp_path / "clip.npz").is_file()


def test_quiet_with_json_leaves_the_json(edgeser: Edgeser, clip: Path, tmp_path: Path) -> None:
    ran = edgeser("features", clip, "--out", tmp_path, "--quiet", "--json")
    assert json.loads(ran.out)["problems"] == []
    assert ran.err == ""


def test_quiet_does_not_hide_errors(edgeser: Edgeser, tmp_path: Path) -> None:
    ran = edgeser("inspect", tmp_path / "none.tflite", "--quiet")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1


def test_quiet_does_not_hide_a_file_that_cannot_be_used(
    edgeser: Edgeser, clip: Path, tmp_path: Path
) -> None:
    ran = edgeser("features", clip, tmp_path / "none.wav", "--out", tmp_path, "--quiet")
    assert ran.code == 2
    (line,) = ran.err.splitlines()
    assert "none.wav" in line


def test_nan_never_becomes_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Output().result({"value": float("nan")})
    assert capsys.readouterr().out == ""
