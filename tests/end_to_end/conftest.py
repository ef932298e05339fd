"""A run that several modules look at from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.bundle import Bundle, load_bundle


@pytest.fixture(scope="session")
def run_folder(
    edgeser: Callable[..., Any], tiny_recipe: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A trained and exported run; its later stages are not done."""
    folder = tmp_path_factory.mktemp("exported") / "run"
    for command in (("train", tiny_recipe, "--out", folder), ("export", folder)):
        ran = edgeser(*command)
        assert ran.code == 0, ran.err
    return folder


@pytest.fixture(scope="session")
def bundle(run_folder: Path) -> Bundle:
    return load_bundle(run_folder / "bundle.zip")
