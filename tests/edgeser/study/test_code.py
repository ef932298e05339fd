"""The version of the code that a job uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeser.study.code import code_version, sources_of
from quantize.foundation.errors import InternalError

TRAINING = "edgeser.pipeline.train"


def names(*modules: str) -> set[str]:
    return {name for name, _ in sources_of(modules)}


def test_what_a_training_uses_counts_and_a_renderer_does_not() -> None:
    found = names(TRAINING)
    assert {"edgeser.training.loop", "edgeser.network.blocks", "edgeser.features.extract"} <= found
    assert {"edgeser", "edgeser.pipeline", "quantize.foundation.files"} <= found
    assert "firmware_bridge/frontend/src/frontend.c" in found
    assert "firmware_bridge/frontend/include/apf_frontend.h" in found
    assert not [name for name in found if name.startswith(("edgeser.report", "edgeser.cli"))]
    assert not [name for name in found if name.startswith("firmware_bridge/kernels")]
    assert "firmware_bridge/kernels/src/i8_lookup.c" in names("edgeser.pipeline.exports.firmware")


def test_a_change_of_a_source_is_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "task_of_mine.py").write_text("import os\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert names("task_of_mine") == {"task_of_mine"}
    before = code_version(["task_of_mine"])
    assert before == code_version(["task_of_mine", "task_of_mine"])
    assert before != code_version(["task_of_mine", TRAINING])
    (tmp_path / "task_of_mine.py").write_text("import sys\n")
    code_version.__globals__["_version"].cache_clear()
    assert before != code_version(["task_of_mine"])


def test_a_module_without_a_source_is_named() -> None:
    with pytest.raises(InternalError, match="nowhere_to_be_found"):
        code_version(["nowhere_to_be_found"])
