"""Compiled models against TFLite-Micro, byte for byte, under sanitizers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))
sys.path.insert(0, str(Path(__file__).parent))
from exactness import Exactness  # found through the path above


@pytest.fixture(scope="session")
def exactness(tmp_path_factory: pytest.TempPathFactory) -> Exactness:
    return Exactness(tmp_path_factory.mktemp("models"))
