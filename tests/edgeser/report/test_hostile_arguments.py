"""Hostile arguments and file names: quoted in one short line, or refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeser.cli import app
from quantize.foundation.errors import BadInput
from quantize.foundation.files import open_regular
from tests.edgeser.report.hostile import EVIL, controls


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
