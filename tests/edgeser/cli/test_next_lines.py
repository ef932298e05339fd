"""Commands that are shown can be pasted into a shell, whatever the folder is called."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_the_next_lines_of_train_and_export(edgeser, tiny_recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "it's a run; $(x)"
    trained = edgeser("train", tiny_recipe, "--out", run)
    assert trained.code == 0, trained.err
    line = trained.out.splitlines()[-1]
    assert shlex.split(line)[1:] == ["edgeser", "export", str(run), "--target", "int8"]
