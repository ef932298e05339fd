"""The example in each room's README compiles as it stands there, and prints what is said."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "firmware_bridge"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("room", ["frontend", "kernels", "runtime"])
def test_its_example_runs(room: str, tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    (code,), (command,), (printed,) = blocks(PACKAGE / room / "README.md")
    for part in ("include", "src"):
        shutil.copytree(PACKAGE / room / part, tmp_path / part)
    (tmp_path / "main.c").write_text(code)
    words = [
        path
        for word in shlex.split(command)
        for path in (map(str, sorted(tmp_path.glob(word))) if "*" in word else [word])
    ]
    words = ["-O0" if word == "-O2" else word for word in words]  # as fast as a test should be
    warnings = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
    subprocess.run([*words, *warnings], cwd=tmp_path, check=True)
    done = subprocess.run(["./main"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.split("\n") == printed.split("\n")


def blocks(page: Path) -> tuple[list[str], list[str], list[str]]:
    """Return a page's code, what builds it, and what it prints."""
    found: dict[str, list[str]] = {"c": [], "": [], "text": []}
    for language, text in BLOCK.findall(page.read_text("utf-8")):
        found[language].append(text)
    return found["c"], found[""], found["text"]
