"""What the explanations of many clips say together: by answer, by error, by speaker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from edgeser.evaluation.metrics import FEWEST_SPEAKERS
from edgeser.explanation.cues import CUES, has_voice
from edgeser.explanation.explanation import Explanation
from edgeser.explanation.finding_means import (
    as_a_whole,
    cue_figures,
    difference_over,
    in_stretches,
    mean_over,
)
from edgeser.explanation.finding_records import (
    EmotionFinding,
    EmotionVerdict,
    ErrorFinding,
    Finding,
    SpeakerFinding,
)
from edgeser.explanation.literature import EXPECTED, Agreement, judged
from edgeser.explanation.salient import above_mean
from quantize.foundation.measurement import Measurement

_MOST_ERRORS = 5
_FEWEST_ERRORS = 5
"""Clips; of fewer of a kind nothing is said."""
_AGAINST_SPEAKER = in_stretches("speaker")
_AGAINST_CLIP = in_stretches("clip")


def finding_of(found: Sequence[Explanation], labels: Sequence[str]) -> Finding:
    """Put the explanations of clips together.

    Parameters
    ----------
    found
        At least one.
    labels
        The model's, in their order.
    """
    answers = [label for label in labels if any(item.answer == label for item in found)]
    worth = [item for item in found if item.worth is not None]
    emotions = tuple(_emotion(answer, found) for answer in answers)
    deletion, insertion = (
        mean_over(((i, _gain(i, curve)) for i in found), what)
        for curve, what in (
            ("deletion", "area below the random curves less the map's, deletion"),
            ("insertion", "area below the map's curve less the random ones', insertion"),
        )
    )
    return Finding(
        clips=len(found),
        speakers=len(_speakers(found)),
        right=_right(found),
        emotions=emotions,
        errors=tuple(_errors(found)),
        by_speaker=tuple(_by_speaker(found)),
        deletion=deletion,
        insertion=insertion,
        gradients=mean_over(
            ((i, i.worth.gradients.correlation) for i in worth if i.worth),
            "Spearman's, over patches, occlusion against integrated gradients",
        ),
        shuffled=_named(
            (f"{s.layers} of {s.of} layers", i, s.correlation)
            for i in worth
            if i.worth
            for s in i.worth.shuffled
        ),
        stability=_named(
            (s.change, i, s.correlation) for i in worth if i.worth for s in i.worth.stability
        ),
        verdicts=tuple(verdict for emotion in emotions for verdict in _verdicts(emotion)),
        within=cue_figures(found, _AGAINST_CLIP, "where it listened, against the rest of the clip"),
        unvoiced=mean_over(
            ((i, _unvoiced(i)) for i in found), "salient stretches without a voice", "ratio"
        ),
        checked=len(worth),
    )


def _unvoiced(item: Explanation) -> float | None:
    if item.cues is None or not item.cues.stretches:
        return None
    return float(np.mean([not has_voice(stretch.values) for stretch in item.cues.stretches]))


def _speakers(items: Iterable[Explanation]) -> set[str]:
    return {item.told.speaker for item in items}


def _right(items: Iterable[Explanation]) -> float | None:
    known = [item.told.label == item.answer for item in items if item.told.label]
    return sum(known) / len(known) if known else None


def _gain(item: Explanation, curve: str) -> float | None:
    curves = item.faithfulness
    if curves is None:
        return None
    return (curves.deletion if curve == "deletion" else curves.insertion).gain


def _named(
    values: Iterable[tuple[str, Explanation, float | None]],
) -> dict[str, Measurement]:
    by_name: dict[str, list[tuple[Explanation, float | None]]] = {}
    for name, item, value in values:
        by_name.setdefault(name, []).append((item, value))
    found = {name: mean_over(items, "Spearman's, of both maps") for name, items in by_name.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def _emotion(answer: str, found: Sequence[Explanation]) -> EmotionFinding:
    items = [item for item in found if item.answer == answer]
    labelled = [item for item in found if item.told.label == answer]
    kept = [above_mean(item.saliency.cells).sum(axis=0).T for item in items]
    parts = [part / part.sum() for part in kept if part.sum() > 0]
    channels = np.mean(parts, axis=0) if parts else np.zeros_like(kept[0])
    shares = {
        plane: figure
        for plane in items[0].planes
        if (figure := mean_over(((i, i.shares[plane]) for i in items), "share of the map", "ratio"))
    }
    return EmotionFinding(
        answer=answer,
        clips=len(items),
        speakers=len(_speakers(items)),
        right=_right(items),
        known=_right(labelled),
        channels=channels,
        shares=shares,
        cues=cue_figures(items, _AGAINST_SPEAKER, "where it listened, against the speaker"),
        whole=cue_figures(items, as_a_whole, "the same clips as a whole, against the speaker"),
        labelled=cue_figures(labelled, as_a_whole, "clips labelled so, against the speaker"),
        within=cue_figures(items, _AGAINST_CLIP, "where it listened, against the rest of the clip"),
    )


def _verdicts(emotion: EmotionFinding) -> Iterable[EmotionVerdict]:
    names = [cue.name for cue in CUES]
    for expectation in EXPECTED.get(emotion.answer, ()):
        number = names.index(expectation.cue)
        score = emotion.cues[number]
        if score is None:
            continue
        agreement = judged(expectation, score.value, score.interval)
        if emotion.speakers < FEWEST_SPEAKERS:
            agreement = Agreement.TOO_FEW
        yield EmotionVerdict(
            emotion.answer, expectation, score, agreement, emotion.labelled[number]
        )


def _errors(found: Sequence[Explanation]) -> Iterable[ErrorFinding]:
    """Yield the most frequent errors, and how they sound beside what was answered rightly."""
    wrong = Counter(
        (item.told.label, item.answer)
        for item in found
        if item.told.label and item.told.label != item.answer
    )
    for (label, answer), clips in wrong.most_common(_MOST_ERRORS):
        if clips < _FEWEST_ERRORS:
            return
        of_label = [item for item in found if item.told.label == label]
        these = [item for item in of_label if item.answer == answer]
        right = [item for item in of_label if item.answer == label]
        cues = tuple(
            difference_over(
                _scored(these, number),
                _scored(right, number),
                f"{cue.name}, these clips as a whole against those answered rightly",
            )
            for number, cue in enumerate(CUES)
        )
        yield ErrorFinding(label, answer, clips, len(_speakers(these)), len(of_label), cues)


def _scored(items: Sequence[Explanation], cue: int) -> list[tuple[str, float]]:
    scored = [(item.told.speaker, as_a_whole(item, cue)) for item in items]
    return [(speaker, score) for speaker, score in scored if score is not None]


def _by_speaker(found: Sequence[Explanation]) -> Iterable[SpeakerFinding]:
    for speaker in sorted(_speakers(found) - {""}):
        items = [item for item in found if item.told.speaker == speaker]
        yield SpeakerFinding(
            speaker,
            len(items),
            _right(items),
            _mean([_gain(item, "deletion") for item in items]),
            _mean([_gain(item, "insertion") for item in items]),
        )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
