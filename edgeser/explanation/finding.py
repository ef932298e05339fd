"""What the explanations of many clips say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.bootstrap import Bootstrap, clusters_of, percentile_interval
from edgeser.explanation.cues import CUES
from edgeser.explanation.explanation import Explanation
from edgeser.explanation.literature import EXPECTED, Agreement, Expectation, judged
from edgeser.explanation.salient import above_mean
from quantize.foundation.measurement import Evidence, Measurement

_BOOTSTRAP = Bootstrap()


@dataclass(frozen=True, slots=True, eq=False)
class EmotionFinding:
    """What speaks for one answer, over all clips that have it.

    Parameters
    ----------
    answer, clips
        The label, and how many clips.
    right
        Share of them whose label it is; `None` where labels are not known.
    channels
        float64 ``[planes, channels]``: where what speaks for it lies; sums up to 1, or 0 where
        nothing does.
    shares
        Each plane's share.
    cues
        Mean standard score of each cue in the salient stretches, against the speaker; `None` where
        it is not known.
    """

    answer: str
    clips: int
    right: float | None
    channels: NDArray[np.float64]
    shares: Mapping[str, Measurement]
    cues: tuple[Measurement | None, ...]


@dataclass(frozen=True, slots=True)
class EmotionVerdict:
    """One expectation of the literature, held to all clips of an answer."""

    answer: str
    expectation: Expectation
    score: Measurement
    agreement: Agreement


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What the explanations of a corpus say together.

    Parameters
    ----------
    clips, speakers
        How many.
    emotions
        One for each answer that was given, in the model's order.
    deletion, insertion
        How much better the maps are than random patches, in probability; `None` without checks.
    gradients
        Rank correlation of occlusion with integrated gradients.
    shuffled
        Rank correlation with the map after so many layers were shuffled, by number of layers.
    stability
        Rank correlation after a change, by its name.
    verdicts
        What the literature expects, held to the clips; empty without cues.
    checked
        Clips on which the further checks were made.
    """

    clips: int
    speakers: int
    emotions: tuple[EmotionFinding, ...]
    deletion: Measurement | None
    insertion: Measurement | None
    gradients: Measurement | None
    shuffled: Mapping[str, Measurement]
    stability: Mapping[str, Measurement]
    verdicts: tuple[EmotionVerdict, ...]
    checked: int


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
    curves = [item for item in found if item.faithfulness is not None]
    emotions = tuple(
        _emotion(answer, [item for item in found if item.answer == answer]) for answer in answers
    )
    return Finding(
        clips=len(found),
        speakers=len({item.told.speaker for item in found}),
        emotions=emotions,
        deletion=_mean(
            ((i, i.faithfulness.deletion.gain) for i in curves if i.faithfulness),
            "area below the random curves less the map's, deletion",
        ),
        insertion=_mean(
            ((i, i.faithfulness.insertion.gain) for i in curves if i.faithfulness),
            "area below the map's curve less the random ones', insertion",
        ),
        gradients=_mean(
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
        checked=len(worth),
    )


def _named(
    values: Iterable[tuple[str, Explanation, float | None]],
) -> dict[str, Measurement]:
    by_name: dict[str, list[tuple[Explanation, float | None]]] = {}
    for name, item, value in values:
        by_name.setdefault(name, []).append((item, value))
    found = {name: _mean(items, "Spearman's, of both maps") for name, items in by_name.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def _emotion(answer: str, items: Sequence[Explanation]) -> EmotionFinding:
    kept = [above_mean(item.saliency.cells).sum(axis=0).T for item in items]
    parts = [part / part.sum() for part in kept if part.sum() > 0]
    channels = np.mean(parts, axis=0) if parts else np.zeros_like(kept[0])
    known = [item.told.label == answer for item in items if item.told.label]
    shares = {
        plane: figure
        for plane in items[0].planes
        if (figure := _mean(((i, i.shares[plane]) for i in items), "share of the map", "ratio"))
    }
    return EmotionFinding(
        answer=answer,
        clips=len(items),
        right=sum(known) / len(known) if known else None,
        channels=channels,
        shares=shares,
        cues=tuple(
            _mean(((i, _score(i, number)) for i in items), f"{cue.name}, against the speaker")
            for number, cue in enumerate(CUES)
        ),
    )


def _score(item: Explanation, cue: int) -> float | None:
    """Return the mean score of a cue over the stretches of a clip, against its speaker."""
    if item.cues is None:
        return None
    scores = [s.scores["speaker"][cue] for s in item.cues.stretches if "speaker" in s.scores]
    known = [score for score in scores if np.isfinite(score)]
    return float(np.mean(known)) if known else None


def _verdicts(emotion: EmotionFinding) -> Iterable[EmotionVerdict]:
    by_name = dict(zip((cue.name for cue in CUES), emotion.cues, strict=True))
    for expectation in EXPECTED.get(emotion.answer, ()):
        score = by_name[expectation.cue]
        if score is not None:
            agreement = judged(expectation, score.value, score.interval)
            yield EmotionVerdict(emotion.answer, expectation, score, agreement)


def _mean(
    values: Iterable[tuple[Explanation, float | None]], what: str, unit: str = ""
) -> Measurement | None:
    """Return the mean over clips with the interval over speakers; `None` where nothing is known."""
    known = [(item.told.speaker, value) for item, value in values if value is not None]
    if not known:
        return None
    numbers = np.array([value for _, value in known], np.float64)
    interval, kind = None, ""
    if len(known) > 1:
        clusters, kind = clusters_of(tuple(speaker for speaker, _ in known))
        clips = np.bincount(clusters)
        counts = _BOOTSTRAP.draw(len(clips))
        sums = np.bincount(clusters, weights=numbers)
        interval = percentile_interval((counts @ sums) / (counts @ clips))
    return Measurement(
        value=float(numbers.mean()),
        unit=unit,
        evidence=Evidence.MEASURED,
        source=f"{what}; {len(known)} clips, int8",
        interval=interval,
        interval_kind=kind if interval is not None else "",
    )
