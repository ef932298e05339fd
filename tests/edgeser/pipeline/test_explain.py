"""The road of an explanation: cues where openSMILE is there, references of a corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.corpora import Utterance
from edgeser.explanation.config import Plan
from edgeser.explanation.cues import CUES, all_stretches, spread_of
from edgeser.pipeline.explanation import explainer
from edgeser.pipeline.explanation.corpus import references_of
from edgeser.pipeline.explanation.descriptors import INSTALL
from edgeser.pipeline.explanation.explainer import with_cues_at_hand
from quantize.foundation.errors import ToolMissing


class Listener:
    """Keeps the notes that it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def stage(self, title: str) -> object:
        del title
        return lambda done, total: None

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_without_opensmile_there_are_no_cues_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> str:
        raise ToolMissing("opensmile is not installed", hint=INSTALL)

    monkeypatch.setattr(explainer, "require_opensmile", missing)
    heard = Listener()
    assert not with_cues_at_hand(Plan(), heard).cues  # type: ignore[arg-type]
    (note,) = heard.notes
    assert "edgeser[explain]" in note
    assert not with_cues_at_hand(Plan(cues=False), heard).cues  # type: ignore[arg-type]
    assert len(heard.notes) == 1


def test_references_are_of_each_speaker_and_of_all(tmp_path: Path) -> None:
    pytest.importorskip("opensmile", reason="edgeser[explain] is not installed")
    times = np.arange(16_000) / 16_000
    utterances = []
    for number, (hertz, speaker) in enumerate([(110, "low"), (120, "low"), (240, "high")]):
        voice = sum(np.sin(2 * np.pi * hertz * k * times) / k for k in range(1, 15))
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, (4000 * voice).astype(np.int16), 16_000)
        utterances.append(Utterance(path, str(number), "c", "joy", speaker))
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    utterances.append(Utterance(tmp_path / "broken.wav", "3", "c", "joy", "high"))
    found = references_of(utterances, sample_rate=16_000)
    assert [len(rows) > 50 for rows in found.rows] == [True, True, True, False]
    semitones = [cue.name for cue in CUES].index("F0")
    assert found.speakers["low"].mean[semitones] == pytest.approx(12 * np.log2(115 / 27.5), abs=0.3)
    assert found.speakers["high"].mean[semitones] == pytest.approx(
        12 * np.log2(240 / 27.5), abs=0.3
    )
    whole = spread_of([all_stretches(rows) for rows in found.rows])
    np.testing.assert_array_equal(found.corpus.mean, whole.mean)
    assert found.speakers["low"].mean[semitones] < whole.mean[semitones]
