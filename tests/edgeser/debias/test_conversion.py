"""What is converted: training clips alone, counted, with the next best where one is left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.corpora import read_audio
from edgeser.corpora.utterance import Utterance
from edgeser.debias.checks import NO_OTHER, NO_VOICE, PITCH
from edgeser.debias.choice import Wanted, Wish
from edgeser.debias.conversion import CLIPS_A_VOICE, converted_clips
from edgeser.debias.vocoder import Said
from edgeser.debias.voice import Change
from edgeser.debias.world_child import BINS

RATE = 16_000
SPEAKERS = {"a": 7.0, "b": 7.5, "mute": float("nan")}


def clips(speaker: str, count: int, emotion: str = "anger") -> list[Utterance]:
    return [
        Utterance(Path(f"/made/{speaker}-{emotion}-{n}.wav"), f"{speaker}-{emotion}-{n}", "made",
                  emotion, speaker, sex="female", split="train")
        for n in range(count)
    ]  # fmt: skip


class Fake:
    """A vocoder of made-up voices, that fails where it is told to."""

    sample_rate = RATE

    def __init__(self, *, failing: Sequence[str] = ()) -> None:
        self.failing, self.heard, self.changes = failing, list[str](), list[Change]()

    def voices(self, sounds: Sequence[Path]) -> list[np.ndarray]:
        self.heard += [path.stem for path in sounds]
        rows = []
        for path in sounds:
            row = np.zeros(1 + 2 * BINS, np.float32)
            row[0] = SPEAKERS[path.stem.split("-")[0]]
            rows.append(row)
        return rows

    def convert(self, sounds: Sequence[Path], changes: Sequence[Change]) -> list[Said]:
        self.changes += changes
        return [
            Said(np.full(8, n, np.int16), PITCH if path.stem in self.failing else "")
            for n, path in enumerate(sounds)
        ]


def converted(every: Sequence[Utterance], wanted: Sequence[Wanted], fake: Fake) -> Any:
    return converted_clips(every, wanted, fake, convert="confidence")  # type: ignore[arg-type]


def test_the_next_best_is_tried_until_there_are_as_many_as_wanted() -> None:
    every = [*clips("a", 6), *clips("b", 2)]
    fake = Fake(failing=("a-anger-0", "a-anger-1", "a-anger-2"))
    wishes = tuple(Wish(n, 6 + n % 2) for n in range(6))
    found, record = converted(every, [Wanted(2, wishes)], fake)
    assert [f.source.clip_id for f in found] == ["a-anger-3", "a-anger-4"]
    assert dict(record.left_out) == {PITCH: 3}
    assert dict(record.converted) == {"anger": 2}
    assert (record.wanted, record.total, record.clips, record.voices) == (2, 2, 8, 1)
    assert "2 of 8 training clips" in record.describe()
    assert f"3 {PITCH}" in record.describe()


def test_when_all_fail_it_ends_with_less() -> None:
    every = [*clips("a", 3), *clips("b", 1), *clips("mute", 1)]
    wishes = (Wish(0, 3), Wish(1, 4), Wish(2, None))
    found, record = converted(every, [Wanted(3, wishes)], Fake(failing=("a-anger-0",)))
    assert found == ()
    assert dict(record.left_out) == {NO_OTHER: 1, NO_VOICE: 1, PITCH: 1}


def test_voices_are_of_the_same_emotion_and_heard_once() -> None:
    every = [*clips("a", 9), *clips("b", 9), *clips("b", 3, "joy")]
    fake = Fake()
    found, _ = converted(every, [Wanted(4, tuple(Wish(n, 9 + n) for n in range(8)))], fake)
    assert len(found) == 4
    assert len(fake.heard) == 2 * CLIPS_A_VOICE
    assert not any("joy" in name for name in fake.heard)
    assert fake.heard[:4] == ["a-anger-0", "a-anger-3", "a-anger-5", "a-anger-8"]
    assert all(change.semitones == 6.0 for change in fake.changes)


def test_a_converted_clip_stays_its_speakers(tmp_path: Path) -> None:
    every = [*clips("a", 1), *clips("b", 1)]
    ((clip,), _) = converted(every, [Wanted(1, (Wish(0, 1),))], Fake())
    written = clip.written(tmp_path / "x.wav", sample_rate=RATE)
    assert (written.speaker, written.emotion, written.split) == ("a", "anger", "train")
    assert (written.corpus, written.sex) == ("made", "female")
    assert written.clip_id == "a-anger-0, in the voice of b"
    np.testing.assert_array_equal(read_audio(written.sound), clip.samples)


@pytest.mark.parametrize("count", [1, 3])
def test_nothing_wanted_of_an_emotion_hears_nobody(count: int) -> None:
    fake = Fake()
    found, record = converted(clips("a", count), [Wanted(1, ())], fake)
    assert found == ()
    assert fake.heard == []
    assert record.total == 0
