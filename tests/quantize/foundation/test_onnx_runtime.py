"""ONNX Runtime is told to report nothing before it is loaded, wherever this process loads it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from quantize.foundation.onnx_runtime import NO_REPORTS, onnx_runtime

PACKAGE = Path(__file__).resolve().parents[3] / "edgeser"


def test_it_is_silenced_before_it_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = "import subprocess\nloaded_in = subprocess.check_output(['env'], text=True)\n"
    (tmp_path / "onnxruntime.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    del sys.modules["onnxruntime"]
    for name in NO_REPORTS:
        os.unsetenv(name)
    lines = onnx_runtime().loaded_in.splitlines()
    assert {f"{name}={value}" for name, value in NO_REPORTS.items()} <= set(lines)


def test_nothing_that_runs_in_the_users_process_loads_it_by_itself() -> None:
    sources = {path: path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    assert not [path for path, text in sources.items() if "import onnxruntime" in text]
