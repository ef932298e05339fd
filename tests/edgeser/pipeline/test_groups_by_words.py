"""Scores apart for clips whose words carry the emotion, and for those whose words do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeser.corpora import Utterance
from edgeser.evaluation.predictions import Predictions
from edgeser.pipeline.groups import score_known_groups


def test_scores_by_words_and_voice_are_of_the_clips_that_they_name() -> None:
    ways = [("emotional", "agrees"), ("emotional", "flat"), ("neutral", "alone"), (None, None)]
    utterances = [
        Utterance(
            path=Path(f"{n}.wav"), clip_id=f"{n:02d}", corpus="c", emotion="ab"[n % 2],
            speaker=f"s{n // 8}", wording=ways[n // 2 % 4][0], prosody=ways[n // 2 % 4][1],
        )
        for n in range(16)
    ]  # fmt: skip
    labels = np.array([n % 2 for n in range(16)], np.int64)
    answers = np.where([u.prosody == "flat" for u in utterances], 0, labels)
    predictions = Predictions(
        clip_ids=tuple(u.clip_id for u in utterances),
        labels=labels,
        speakers=tuple(u.speaker for u in utterances),
        logits=np.eye(2, dtype=np.float32)[answers],
        classes=("a", "b"),
    )
    scores = score_known_groups(utterances, predictions, predictions, source="test")
    found = {(s.kind, s.name): (s.clips, s.float_uar.value, s.int8_uar) for s in scores}
    by_words = {name: found[kind, name][:2] for kind, name in found if kind == "words"}
    assert by_words == {"emotional": (8, 0.75), "neutral": (4, 1.0), "unknown": (4, 1.0)}
    assert found["words and voice", "emotional, flat"][:2] == (4, 0.5)
    assert found["words and voice", "emotional, agrees"][:2] == (4, 1.0)
    int8 = found["words and voice", "emotional, flat"][2]
    assert int8 is not None
    assert int8.value == 0.5


def test_without_such_columns_there_are_no_such_groups() -> None:
    utterances = [
        Utterance(path=Path(f"{n}.wav"), clip_id=str(n), corpus="c", emotion="a", speaker="s")
        for n in range(2)
    ]
    predictions = Predictions(
        clip_ids=("0", "1"),
        labels=np.array([0, 1], np.int64),
        speakers=("s", "s"),
        logits=np.eye(2, dtype=np.float32),
        classes=("a", "b"),
    )
    scores = score_known_groups(utterances, predictions, predictions, source="test")
    assert {score.kind for score in scores} == {"speaker"}
