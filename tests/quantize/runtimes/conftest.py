"""These tests run models on the runtimes themselves, which only child processes may load."""

from __future__ import annotations

from importlib import util

import pytest


@pytest.fixture
def micro() -> None:
    """Skip without TFLite-Micro."""
    if util.find_spec("tflite_micro") is None:
        pytest.skip("pip install tflite-micro to run this")


@pytest.fixture
def runtimes(micro: None) -> None:
    """Skip unless TFLite-Micro and LiteRT are both here."""
    if util.find_spec("ai_edge_litert") is None:
        pytest.skip("pip install ai-edge-litert to run this")
