"""The stand-in for the Edge TPU compiler, ready to be told how to misbehave."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
STAND_IN = Path(__file__).with_name("stand_in_compiler.py")


@pytest.fixture
def stand_in(tmp_path: Path, shared: Path) -> Callable[[str], Path]:
    """A function that makes a stand-in program that behaves in the given way."""

    def make(mode: str) -> Path:
        folder = tmp_path / "stand-in"
        folder.mkdir(exist_ok=True)
        program = folder / "edgetpu_compiler"
        program.write_text(f"#!{sys.executable} -I\n{STAND_IN.read_text('utf-8')}")
        program.chmod(0o755)
        (folder / "mode").write_text(mode)
        compiled = shared / "edgetpu_models" / "split_concat_edgetpu.tflite"
        (folder / "compiled").write_bytes(compiled.read_bytes())
        return program

    return make
