"""An environment in which nothing is installed but the core: what pyproject.toml depends on."""

from __future__ import annotations

import os
import re
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from edgeser import toml

ROOT = Path(__file__).resolve().parents[1]


def project() -> dict[str, object]:
    """Return the table ``[project]`` of pyproject.toml."""
    table = toml.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert isinstance(table, dict)
    return table


def normal(name: str) -> str:
    """Return a distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def core_distributions() -> set[str]:
    """Return what the core needs, and what that needs in turn, as far as it is installed."""
    wanted = [Requirement(text) for text in project()["dependencies"]]  # type: ignore[attr-defined]
    found: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        name = normal(requirement.name)
        if name in found or not (requirement.marker is None or requirement.marker.evaluate()):
            continue
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        found.add(name)
        wanted += [each for each in map(Requirement, needs) if "extra" not in str(each.marker)]
    return found


def make_core_environment(folder: Path) -> Path:
    """Make a virtual environment with the core and this checkout alone; return its Python."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in sorted({*core_distributions(), "edgeser"}):
        for entry in _entries(name):
            if not (site / entry.name).exists():
                (site / entry.name).symlink_to(entry)
    (site / "checkout.pth").write_text(f"{ROOT}\n")
    return folder / "bin" / "python"


def _entries(name: str) -> set[Path]:
    """Return the files and folders of a distribution right below its site-packages."""
    found = distribution(name)
    tops = {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", os.pardir)}
    tops -= {"__pycache__"}
    entries = {Path(str(found.locate_file(top))) for top in tops}
    return {entry for entry in entries if not entry.name.startswith("__editable__")}
