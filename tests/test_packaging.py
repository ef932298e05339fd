"""What is packaged: every file of the packages, and the Pythons that are named."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from edgeser import toml
from edgeser.diagnosis import NEWEST_PYTHON, OLDEST_PYTHON

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("edgeser", "quantize", "firmware_bridge")
# Sources of the extension modules: setup.py names them, so the sdist has them.
OF_EXTENSIONS = ("firmware_bridge/frontend/binding/", "firmware_bridge/frontend/src/")


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return toml.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_every_file_of_the_packages_is_in_the_wheel(pyproject: dict[str, Any]) -> None:
    command = ["git", "ls-files", "-z", "--", *PACKAGES]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of files")
    patterns = pyproject["tool"]["setuptools"]["package-data"]
    packaged = {
        path
        for package, globs in patterns.items()
        for pattern in globs
        for path in (ROOT / package).glob(pattern)
    }
    names = [name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file()]
    data = [name for name in names if not name.endswith(".py")]
    assert len(data) > 100
    left_out = {n for n in data if ROOT / n not in packaged and not n.startswith(OF_EXTENSIONS)}
    assert left_out == set()
    folders = {Path(name).parent for name in names if name.endswith(".py")}
    assert {folder for folder in folders if not (ROOT / folder / "__init__.py").is_file()} == set()


def test_pythons_are_the_same_wherever_they_are_named(pyproject: dict[str, Any]) -> None:
    minors = range(OLDEST_PYTHON[1], NEWEST_PYTHON[1] + 1)
    named = [
        text.rpartition(" :: ")[2]
        for text in pyproject["project"]["classifiers"]
        if text.startswith("Programming Language :: Python :: 3.")
    ]
    assert named == [f"3.{minor}" for minor in minors]
    assert pyproject["project"]["requires-python"] == f">=3.{minors[0]}"
    assert pyproject["tool"]["ruff"]["target-version"] == f"py3{minors[0]}"
    built = pyproject["tool"]["cibuildwheel"]["build"]
    assert built == [f"cp3{minor}-manylinux_*" for minor in minors]
