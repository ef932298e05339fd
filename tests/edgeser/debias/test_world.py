"""WORLD in its child process: pitch, formants, level and length of what it says again."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.corpora import read_audio
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.corpora.utterance import Utterance
from edgeser.debias import vocoder as module
from edgeser.debias.checks import CRASHED, NO_VOICE, UNREADABLE
from edgeser.debias.extra import require_pyworld
from edgeser.debias.vocoder import Vocoder
from edgeser.debias.voice import Change, Voice, change_between, voice_of
from edgeser.debias.world_child import BINS, FIGURES
from quantize.foundation.child import ChildCrashed, ChildResult
from quantize.foundation.errors import ToolMissing

RATE = 16_000
HIGHER = Change(7.0, 1.12, 2.0)
Speak = Callable[..., Utterance]


def voice_in(vocoder: Vocoder, *paths: Path) -> Voice:
    found = voice_of(vocoder.voices(paths), sample_rate=RATE)
    assert found is not None
    return found


@pytest.mark.usefixtures("pyworld")
def test_pitch_and_formants_move_and_level_and_length_stay(speak: Speak, tmp_path: Path) -> None:
    vocoder = Vocoder(RATE, require_pyworld())
    clip = speak(1)
    (said,) = vocoder.convert([clip.path], [HIGHER])
    assert said.fault == ""
    before = read_audio(clip.path)
    assert said.samples.dtype == np.int16
    assert said.samples.shape == before.shape
    levels = [np.sqrt(np.mean(x.astype(float) ** 2)) for x in (before, said.samples)]
    assert abs(20 * math.log10(levels[1] / levels[0])) < 3.1
    path = tmp_path / "said.wav"
    path.write_bytes(wav_bytes(said.samples))
    moved = change_between(voice_in(vocoder, clip.path), voice_in(vocoder, path))
    assert moved.semitones == pytest.approx(7.0, abs=0.7)
    assert moved.formants == pytest.approx(1.12, abs=0.03)


@pytest.mark.usefixtures("pyworld")
def test_a_breathier_voice_has_more_noise(speak: Speak, tmp_path: Path) -> None:
    vocoder = Vocoder(RATE, require_pyworld())
    clip, paths = speak(2).path, []
    for breath_db in (-6.0, 6.0):
        (said,) = vocoder.convert([clip], [Change(0.0, 1.0, breath_db)])
        assert said.fault == ""
        paths.append(tmp_path / f"{breath_db:+g}.wav")
        paths[-1].write_bytes(wav_bytes(said.samples))
    quiet, breathy = (voice_in(vocoder, path) for path in paths)
    moved = change_between(quiet, breathy)
    assert moved.breath_db > 2.0
    assert abs(moved.semitones) < 0.5
    assert moved.formants == pytest.approx(1.0, abs=0.02)


@pytest.mark.usefixtures("pyworld")
def test_a_man_said_again_by_a_woman_has_her_pitch_and_her_tract(
    speak: Speak, tmp_path: Path
) -> None:
    vocoder = Vocoder(RATE, require_pyworld())
    his = [speak(1, "sadness", take).path for take in range(3)]
    hers = [speak(2, "sadness", take).path for take in range(3)]
    target = voice_in(vocoder, *hers)
    source = voice_in(vocoder, *his)
    change = change_between(source, target)
    apart = 12.0 * (target.log2_hz - source.log2_hz)  # more than an octave is not moved
    assert change.formants == pytest.approx(16.97 / 14.87, rel=0.05)  # of their tracts
    paths = []
    for number, said in enumerate(vocoder.convert(his, [change] * 3)):
        assert said.fault == ""
        paths.append(tmp_path / f"{number}.wav")
        paths[-1].write_bytes(wav_bytes(said.samples))
    rest = change_between(voice_in(vocoder, *paths), target)
    assert rest.semitones == pytest.approx(apart - change.semitones, abs=1.0)
    assert rest.formants == pytest.approx(1.0, abs=0.04)


@pytest.mark.usefixtures("pyworld")
def test_the_same_is_said_the_same_in_any_company_and_is_kept(
    speak: Speak, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [speak(n).path for n in range(3)]
    cached = Vocoder(RATE, require_pyworld(), folder=tmp_path / "cache")
    alone = Vocoder(RATE, require_pyworld(), workers=1).convert(clips[1:2], [HIGHER])
    together = cached.convert(clips, [HIGHER] * 3)
    np.testing.assert_array_equal(alone[0].samples, together[1].samples)

    def refuse(*given: Any, **named: Any) -> None:
        raise AssertionError("it was said before")

    monkeypatch.setattr(module, "call_in_child", refuse)
    kept = cached.convert(clips, [HIGHER] * 3)
    for one, other in zip(kept, together, strict=True):
        np.testing.assert_array_equal(one.samples, other.samples)
        assert one.fault == other.fault
    with pytest.raises(AssertionError, match="said before"):
        cached.convert(clips[:1], [Change(7.001, 1.12, 2.0)])


@pytest.mark.usefixtures("pyworld")
def test_what_has_no_voice_or_cannot_be_read_is_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(-300, 300, RATE).astype(np.int16)
    kinds = {"noise": noise, "silence": np.zeros(RATE, np.int16), "short": noise[:400]}
    for name, samples in kinds.items():
        (tmp_path / f"{name}.wav").write_bytes(wav_bytes(samples))
    paths = [*(tmp_path / f"{name}.wav" for name in kinds), tmp_path / "nothing.wav"]
    vocoder = Vocoder(RATE, require_pyworld())
    found = vocoder.convert(paths, [HIGHER] * 4)
    assert [said.fault for said in found] == [NO_VOICE, NO_VOICE, NO_VOICE, UNREADABLE]
    rows = vocoder.voices(paths)
    assert voice_of([row for row in rows if len(row)], sample_rate=RATE) is None
    assert len(rows[3]) == 0


def test_the_one_clip_that_crashes_native_code_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = []
    for number in range(1, 8):
        paths.append(tmp_path / f"{number}.wav")
        paths[-1].write_bytes(wav_bytes(np.full(number * 1600, number, np.int16)))

    def crashing(function: Any, arrays: Any, options: Any, **named: Any) -> ChildResult:
        if 4 * 1600 in arrays["lengths"]:
            raise ChildCrashed("WORLD crashed with SIGSEGV")
        figures = np.tile([200.0, 200.0, -20.0, -20.0, 0.0, 1.0], (len(arrays["lengths"]), 1))
        return ChildResult({"samples": arrays["samples"], "figures": figures}, {}, "")

    assert len(FIGURES) == 6
    monkeypatch.setattr(module, "call_in_child", crashing)
    vocoder = Vocoder(RATE, "0", folder=tmp_path / "cache", workers=1)
    found = vocoder.convert(paths, [HIGHER] * 7)
    assert [said.fault for said in found] == ["", "", "", CRASHED, "", "", ""]
    assert [int(said.samples[0]) for said in found if not said.fault] == [1, 2, 3, 5, 6, 7]


def test_without_pyworld_one_line_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    with pytest.raises(ToolMissing, match=r"pyworld is not installed .*edgeser\[debias\]"):
        require_pyworld()
    assert ToolMissing.exit_code == 3


def test_rows_are_as_wide_as_they_are_said_to_be() -> None:
    assert voice_of([np.zeros(1 + 2 * BINS, np.float32)], sample_rate=RATE) is not None
