"""Functionals of clips: what openSMILE computes, and what becomes of clips that have none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.baseline import functionals as module
from edgeser.baseline.cache import FunctionalsCache
from edgeser.baseline.choice import FunctionalSet
from edgeser.baseline.functionals import functionals_of
from edgeser.corpora import Utterance, read_audio
from quantize.foundation.child import ChildCrashed, ChildResult

RATE = 16_000


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def stage(self, title: str) -> Any:
        return lambda done, total: self.steps.append((done, total))

    def note(self, text: str) -> None:
        self.notes.append(text)


def clip(folder: Path, name: str, seconds: float, *, rate: int = RATE) -> Utterance:
    rng = np.random.default_rng(len(name))
    times = np.arange(round(seconds * rate)) / rate
    signal = 0.3 * np.sin(2 * np.pi * 180 * times) + 0.02 * rng.normal(size=times.size)
    path = folder / f"{name}.wav"
    soundfile.write(path, signal, rate, "PCM_16")
    return Utterance(path, name, "c", "joy", "s")


@pytest.mark.parametrize("chosen", list(FunctionalSet))
def test_they_are_what_opensmile_computes_itself(tmp_path: Path, chosen: FunctionalSet) -> None:
    opensmile = pytest.importorskip("opensmile", reason="edgeser[baseline] is not installed")
    clips = [clip(tmp_path, "a", 1.0), clip(tmp_path, "bb", 1.5, rate=44_100)]
    found = functionals_of(clips, chosen, workers=1)
    assert found.values.shape == (2, chosen.features)
    assert found.utterances == tuple(clips)
    smile = opensmile.Smile(
        feature_set=str(chosen), feature_level=opensmile.FeatureLevel.Functionals
    )
    for utterance, row in zip(clips, found.values, strict=True):
        expected = smile.process_signal(read_audio(utterance.path) / np.float32(32768), RATE)
        assert np.array_equal(expected.to_numpy()[0].astype(np.float32), row)
    pitch = (
        list(smile.feature_names).index("F0semitoneFrom27.5Hz_sma3nz_amean")
        if (chosen is FunctionalSet.EGEMAPS)
        else None
    )
    if pitch is not None:
        assert found.values[0, pitch] == pytest.approx(12 * np.log2(180 / 27.5), abs=0.3)


def test_a_clip_that_cannot_be_used_is_named_and_left_out(tmp_path: Path) -> None:
    pytest.importorskip("opensmile", reason="edgeser[baseline] is not installed")
    clips = [clip(tmp_path, "good", 0.5), clip(tmp_path, "short", 0.02)]
    broken = Utterance(tmp_path / "broken.wav", "broken", "c", "joy", "s")
    broken.path.write_bytes(b"RIFF")
    missing = Utterance(tmp_path / "missing.wav", "missing", "c", "joy", "s")
    listener = Listener()
    found = functionals_of(
        [clips[1], broken, clips[0], missing], FunctionalSet.EGEMAPS, reporter=listener
    )
    assert found.utterances == (clips[0],)
    assert found.values.shape == (1, 88)
    assert np.isfinite(found.values).all()
    named = [
        name for line in found.problems for name in ("short", "broken", "missing") if name in line
    ]
    assert named == ["short", "broken", "missing"]
    assert [line.startswith("left out: ") for line in listener.notes] == [True] * 3
    assert listener.steps[-1] == (4, 4)


def test_no_clip_at_all_gives_an_empty_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "require_extra", lambda package: "2.6.0")
    found = functionals_of([], FunctionalSet.EGEMAPS)
    assert found.values.shape == (0, 88)
    assert len(found) == 0


def test_the_one_clip_that_crashes_native_code_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [clip(tmp_path, "x" * length, 0.1 * length) for length in range(1, 10)]
    calls: list[int] = []

    def crashing(function: Any, arrays: Any, options: Any, **named: Any) -> ChildResult:
        lengths = arrays["lengths"].tolist()
        calls.append(len(lengths))
        if round(0.4 * RATE) in lengths:
            raise ChildCrashed("openSMILE crashed with SIGSEGV")
        rows = np.full((len(lengths), 88), lengths[0], np.float32)
        rows[:, 0] = lengths
        return ChildResult({"functionals": rows}, {}, "")

    monkeypatch.setattr(module, "call_in_child", crashing)
    monkeypatch.setattr(module, "require_extra", lambda package: "2.6.0")
    cache = FunctionalsCache(tmp_path / "cache")
    found = functionals_of(clips, FunctionalSet.EGEMAPS, cache=cache, workers=1)
    assert [u.clip_id for u in found.utterances] == [c.clip_id for c in clips if c is not clips[3]]
    assert found.values[:, 0].tolist() == [round(0.1 * n * RATE) for n in range(1, 10) if n != 4]
    assert len(found.problems) == 1
    assert str(clips[3].path) in found.problems[0]
    assert "crashes" in found.problems[0]
    assert len(calls) <= 9
    calls.clear()
    functionals_of(clips, FunctionalSet.EGEMAPS, cache=cache, workers=1)
    assert calls == [1], "what was computed is kept, what crashed is tried alone"
