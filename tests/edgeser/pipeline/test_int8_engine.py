"""Windows through the C of the firmware and through TFLite-Micro: the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.bundle import load_bundle
from edgeser.pipeline.int8_engine import int8_engine
from edgeser.pretrained import pretrained_path


class Listener:
    """Keeps the notes that it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def stage(self, title: str) -> Any:
        del title
        return lambda done, total: None

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_without_a_compiler_the_interpreter_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pretrained_path("pretrained-small")
    assert path is not None
    model = load_bundle(path).int8_model
    rng = np.random.default_rng(1)
    windows = rng.integers(-100, 100, (300, 150, 40, 1)).astype(np.int8)
    heard = Listener()
    with int8_engine(model, cache=tmp_path, workers=2, reporter=heard) as engine:
        fast = engine.run(windows)
        assert "built for this computer" in engine.called
    assert heard.notes == []
    monkeypatch.setenv("PATH", str(tmp_path))
    with int8_engine(model, cache=tmp_path, reporter=heard) as engine:
        slow = engine.run(windows[:20])
        assert "TFLite-Micro" in engine.called
    (note,) = heard.notes
    assert "no C compiler" in note
    assert "TFLite-Micro" in note
    assert fast.shape == (300, 6)
    np.testing.assert_array_equal(fast[:20], slow)
