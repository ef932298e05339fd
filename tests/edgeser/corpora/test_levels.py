"""Levels of a corpus, and whether conditions cover them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.corpora import Utterance, open_corpus
from edgeser.corpora.levels import (
    FloorChange,
    LevelSummary,
    floor_span,
    level_span,
    measure_levels,
)


def utterances(folder: Path, decibels: list[float]) -> list[Utterance]:
    rng = np.random.default_rng(0)
    found = []
    for number, level in enumerate(decibels):
        noise = rng.normal(size=16000) * 32768 * 10 ** (level / 20)
        path = folder / f"{number}.wav"
        soundfile.write(path, np.clip(np.rint(noise), -32768, 32767).astype(np.int16), 16000)
        found.append(Utterance(path, str(number), "c", "joy", "s"))
    return found


def test_levels_are_rms_against_full_scale(tmp_path: Path) -> None:
    found = measure_levels(utterances(tmp_path, [-60.0, -40.0, -20.0]))
    assert found is not None
    assert found.clips == 3
    assert found.rms_dbfs == pytest.approx((-58.0, -40.0, -22.0), abs=0.2)
    assert found.floor_dbfs == pytest.approx((-58.0, -40.0, -22.0), abs=1.6)


def test_silence_counts_as_rounding_noise_and_broken_files_do_not_count(tmp_path: Path) -> None:
    clips = utterances(tmp_path, [-30.0, -300.0])
    found = measure_levels([clips[1]])
    assert found is not None
    assert found.rms_dbfs == pytest.approx((-101.1,) * 3, abs=0.1)
    clips[1].path.write_bytes(b"none")
    found = measure_levels(clips)
    assert found is not None
    assert found.clips == 1
    assert measure_levels(clips[1:]) is None
    assert measure_levels([]) is None


def test_at_most_150_clips_are_measured(tmp_path: Path) -> None:
    clips = utterances(tmp_path, [-30.0]) * 400
    found = measure_levels(clips)
    assert found is not None
    assert found.clips == 150


def summary(low: float, high: float) -> LevelSummary:
    return LevelSummary(150, (low, (low + high) / 2, high), (-90.0, -80.0, -70.0))


def test_conditions_cover_a_span_when_a_middle_clip_gets_to_both_ends() -> None:
    levels = {"quiet": summary(-54.0, -25.0), "loud": summary(-22.0, -15.0)}
    wide = level_span(levels, (-20.0, 20.0))
    narrow = level_span(levels, (-15.0, 15.0))
    one_sided = level_span(levels, (-39.0, 0.0))
    none = level_span(levels, (0.0, 0.0))
    assert wide is not None
    assert narrow is not None
    assert one_sided is not None
    assert none is not None
    assert [span.covered for span in (wide, narrow, one_sided, none)] == [True, False, False, False]
    assert "from -54 to -15 dBFS" in str(wide)
    assert "does not cover that: -20 to +20 dB would" in str(narrow)
    assert level_span({}, (0.0, 0.0)) is None


def test_a_clip_stands_above_its_own_floor_whatever_its_level(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    clips = []
    for number, level in enumerate((-20.0, -50.0, -75.0)):
        noise = rng.normal(size=32000) * np.repeat([1.0, 0.01], 16000)
        path = tmp_path / f"{number}.wav"
        samples = np.rint(noise * 32768 * 10 ** (level / 20))
        soundfile.write(path, np.clip(samples, -32768, 32767).astype(np.int16), 16000)
        clips.append(Utterance(path, str(number), "c", "joy", "s"))
    loud, quiet, lost = (measure_levels([clip]) for clip in clips)
    assert loud is not None
    assert quiet is not None
    assert lost is not None
    assert loud.above_floor_db == pytest.approx((37.5,) * 3, abs=1.5)
    assert quiet.above_floor_db == pytest.approx((37.5,) * 3, abs=1.5)
    assert lost.floor_dbfs[1] == -120.0
    assert lost.above_floor_db == pytest.approx((23.1,) * 3, abs=0.3), "a floor of rounding noise"


def test_conditions_cover_noise_floors_when_the_middle_gets_to_both_ends() -> None:
    levels = {
        "noisy": LevelSummary(150, (-42.0, -33.0, -18.0), (-49.0, -47.0, -46.0), (6.0, 15.0, 27.0)),
        "clean": LevelSummary(
            150, (-54.0, -40.0, -25.0), (-120.0, -99.0, -82.0), (42.0, 55.0, 72.0)
        ),
    }
    changes = {
        "both": FloorChange(33.0, 33.0),
        "noise": FloorChange(0.0, 33.0, 6.0),
        "gates are short": FloorChange(18.0, 28.0, 4.0),
        "floors are short": FloorChange(18.0, 33.0, 12.0),
        "nothing": FloorChange(),
    }
    spans = {name: floor_span(levels, change) for name, change in changes.items()}
    covered = {name: span.covered for name, span in spans.items() if span is not None}
    assert covered == {name: name in ("both", "noise") for name in changes}
    assert "6 to 72 dB above their noise floors" in str(spans["both"])
    assert "does not cover that: gates of 33 dB would" in str(spans["gates are short"])
    assert "does not cover that: floors raised by 33 dB would" in str(spans["floors are short"])
    assert "floors raised by 33 dB and gates of 33 dB would" in str(spans["nothing"])
    of_older_archive = {"a": LevelSummary(1, (-30.0,) * 3, (-60.0,) * 3)}
    assert floor_span(of_older_archive, FloorChange()) is None
    assert floor_span({}, FloorChange()) is None


@pytest.mark.parametrize(
    ("name", "folder", "rms", "above"),
    [
        ("cremad", "CREMA-D", (-42.0, -33.0, -18.0), (6.4, 14.5, 27.0)),
        ("ravdess", "RAVDESS", (-54.0, -40.0, -25.0), (41.8, 54.6, 72.6)),
        ("nemo", "nEMO", (-29.0, -23.0, -19.0), (16.3, 22.6, 30.7)),
        ("emodb", "EMO-DB", (-22.0, -19.0, -15.0), (23.2, 32.2, 45.8)),
    ],
)
def test_known_corpora_are_as_loud_as_is_known(
    shared: Path,
    name: str,
    folder: str,
    rms: tuple[float, float, float],
    above: tuple[float, float, float],
) -> None:
    if not (shared / "corpora" / folder).is_dir():
        pytest.skip(f"no {folder} there")
    found = measure_levels(open_corpus(name, shared / "corpora" / folder).utterances)
    assert found is not None
    assert found.rms_dbfs == pytest.approx(rms, abs=3.0)  # other 150 clips
    assert found.above_floor_db == pytest.approx(above, abs=3.0)
