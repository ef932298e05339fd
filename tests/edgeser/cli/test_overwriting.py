"""No command writes a result over a file that it reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from edgeser.cli.app import group

LINES = [
    ("bench", "{m}", "--junit", "{m}"),
    ("bench", "{m}", "--save", "{m}"),
    ("bench", "{m}", "--device", "edgetpu", "--against", "{o}", "--markdown", "{o}"),
    ("parity", "{m}", "--device", "emulator", "--junit", "{m}"),
    ("lint", "{m}", "--sarif", "{m}"),
    ("lint", "{m}", "--markdown", "{o}/../m.tflite"),
    ("inspect", "{m}", "--overlay", "{m}"),
    ("compare-bench", "{m}", "{o}", "--markdown", "{o}"),
    ("evaluate", "{m}", "--save-drift", "{m}"),
    ("export", "{m}", "--target", "web", "--out", "{m}"),
    ("accept", "{m}", "--device", "emulator", "--drift", "{o}", "--junit", "{o}"),
]


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_result_is_not_written_over_what_is_read(line: tuple[str, ...], tmp_path: Path) -> None:
    model, other = tmp_path / "m.tflite", tmp_path / "o.tflite"
    for path in (model, other):
        path.write_bytes(b"kept")
    given = [word.format(m=model, o=f"{other}") for word in line]
    if ".." in given[-1]:
        given[-1] = str(tmp_path / "sub" / ".." / "m.tflite")
        (tmp_path / "sub").mkdir()
    ran = CliRunner().invoke(group, given)
    assert ran.exit_code == 2, ran.output
    assert "would write over" in ran.output and "choose another file" in ran.output
    assert model.read_bytes() == other.read_bytes() == b"kept"


def test_a_link_to_what_is_read_is_seen_through(tmp_path: Path) -> None:
    model, link = tmp_path / "m.tflite", tmp_path / "result.xml"
    model.write_bytes(b"kept")
    link.symlink_to(model)
    ran = CliRunner().invoke(group, ["lint", str(model), "--junit", str(link)])
    assert ran.exit_code == 2 and "--junit would write over" in ran.output
    assert model.read_bytes() == b"kept"
