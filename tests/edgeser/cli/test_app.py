"""The command line: names, exit codes, help, completion, and one line for each error."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest

from edgeser.cli import app
from quantize.foundation.errors import BadInput, CheckFailed, InternalError, ToolMissing

Edgeser = Callable[..., Any]
COMMANDS = tuple(app._COMMANDS)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run a command that raises the given error; returns the exit code."""

    def run(error: BaseException, *arguments: str) -> int:
        @click.command("boom")
        @click.option("--debug", is_flag=True)
        def command(debug: bool) -> None:
            del debug
            raise error

        monkeypatch.setattr(app.LazyGroup, "get_command", lambda self, ctx, name: command)
        return app._run(["run", *arguments])

    return run


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app._run([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"Usage: edgeser {name}" in out
    command = app.group.get_command(click.Context(app.group), name)
    if not isinstance(command, click.Group):
        assert "--json" in out
        return
    for below in command.commands:
        assert app._run([name, below, "--help"]) == 0
        assert "--json" in capsys.readouterr().out


def _commands() -> list[tuple[str, click.Command]]:
    found = []
    for name in COMMANDS:
        command = app.group.get_command(click.Context(app.group), name)
        assert command is not None
        below = command.commands if isinstance(command, click.Group) else {}
        found += [(f"{name} {each}", below[each]) for each in below] or [(name, command)]
    return found


@pytest.mark.parametrize(("name", "command"), _commands())
def test_options_stand_where_their_help_needs_them(name: str, command: click.Command) -> None:
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert {"as_json", "quiet", "debug"} == {each.name for each in options[-3:]}
    likewise = [place for place, each in enumerate(options) if "Likewise" in (each.help or "")]
    before = {options[place].name: options[place - 1].name for place in likewise}
    assert before.items() <= {"risk": "coverage", "max_dp_gap": "max_tpr_gap"}.items(), name


def test_help_lists_every_command_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert app._run(["--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for name, summary in app._COMMANDS.items():
        assert f"{name} {summary}" in out


def test_the_summaries_agree_with_the_commands() -> None:
    context = click.Context(app.group)
    for name in COMMANDS:
        command = app.group.get_command(context, name)
        assert command is not None
        assert command.name == name


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CheckFailed("no"), 1),
        (BadInput("no"), 2),
        (ToolMissing("no"), 3),
        (InternalError("no"), 4),
        (RuntimeError("no"), 4),
        (MemoryError(), 4),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.exceptions.Exit(7), 7),
        (click.UsageError("no"), 2),
    ],
)
def test_errors_have_their_exit_codes(
    error: BaseException, code: int, failing: Callable[..., int]
) -> None:
    assert failing(error) == code


def test_an_error_is_one_line_whatever_is_in_it(
    failing: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(BadInput("cannot read\n a\tfile", hint="check\nthe path"))
    assert capsys.readouterr() == ("", "edgeser: cannot read a file; check the path\n")


def test_a_fault_of_ours_is_one_line_that_says_how_to_see_more(
    failing: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ValueError("first\nsecond"))
    found = capsys.readouterr().err
    assert found == "edgeser: internal error: ValueError: first; run again with --debug\n"


def test_a_traceback_only_with_debug(
    failing: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(BadInput("no"))
    assert "Traceback" not in capsys.readouterr().err
    failing(BadInput("no"), "--debug")
    assert "Traceback" in capsys.readouterr().err


def test_an_unknown_command_gets_the_nearest(edgeser: Edgeser) -> None:
    ran = edgeser("rnu")
    assert (ran.code, ran.out) == (2, "")
    assert "No such command 'rnu'; did you mean 'run'?" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "--bogus"), "--bogus"),
        (("corpus", "chek"), "'chek'"),
        (("predict", "bundle.zip"), "FILES"),
        (("run", "demo", "--seed", "-1"), "-1"),
        (("bench", "x.tflite", "--runs", "3"), "200"),
        (("export", "run", "--target", "fpga"), "int8"),
        (("parity", "run", "--max-flips", "2"), "2"),
        (("report", "run", "--format", "pdf"), "html"),
    ],
)
def test_usage_errors_point_to_help(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app._run(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"Try 'edgeser {arguments[0]}" in captured.err
    assert message in captured.err


def test_no_command_shows_the_help_and_is_a_usage_error(edgeser: Edgeser) -> None:
    ran = edgeser()
    assert ran.code == 2
    assert "Usage: edgeser" in ran.err


def test_the_version_is_that_of_the_package(edgeser: Edgeser) -> None:
    assert edgeser("--version").out.split() == ["edgeser,", "version", version("edgeser")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_completion_script(edgeser: Edgeser, shell: str) -> None:
    ran = edgeser(_EDGESER_COMPLETE=f"{shell}_source")
    assert ran.code == 0
    assert f"_EDGESER_COMPLETE={shell}_complete" in ran.out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("edgeser ru", {"run"}),
        ("edgeser e", {"export", "evaluate", "explain", "estimate"}),
        ("edgeser corpus ch", {"check"}),
        ("edgeser run --fr", {"--fresh"}),
        ("edgeser report run --format ma", {"markdown"}),
    ],
)
def test_words_are_completed(edgeser: Edgeser, words: str, offered: set[str]) -> None:
    position = str(len(words.split(" ")) - 1)
    ran = edgeser(_EDGESER_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=position)
    assert {line.partition(",")[2] for line in ran.out.split()} == offered


@pytest.mark.parametrize("arguments", [("corpus", "list", "--json"), ("doctor",)])
def test_a_reader_that_leaves_early_is_no_error(arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = [sys.executable, "-c", "from edgeser.cli import main; main()", *arguments]
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(program, stdout=gone, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("lint", "nothing.tflite"), 2), (("lint", "--odd"), 2), (("bench",), 2)],
)
def test_notes_that_nobody_reads_change_no_exit_code(arguments: tuple[str, ...], code: int) -> None:
    program = [sys.executable, "-c", "from edgeser.cli import main; main()", *arguments]
    read, write = os.pipe()
    os.close(read)
    with Path("/dev/full").open("wb") as full, os.fdopen(write, "wb") as broken:
        for stderr in (full, broken):
            assert subprocess.run(program, stderr=stderr, check=False).returncode == code


def test_progress_that_nobody_reads_ends_nothing() -> None:
    told = (
        "from edgeser.cli.output import Output\n"
        "output = Output()\n"
        "output.note('a'); output.stage('b'); output.problem('c'); output.show('result')"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", told], stderr=full, stdout=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stdout) == (0, b"result\n")
