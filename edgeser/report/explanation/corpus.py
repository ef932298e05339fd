"""What the explanations of a corpus say together, as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeser.baseline.licence import LICENCE
from edgeser.evaluation.metrics import FEWEST_SPEAKERS
from edgeser.explanation.cues import CUES
from edgeser.explanation.explanation import Explanation
from edgeser.explanation.finding_records import (
    EmotionFinding,
    ErrorFinding,
    Finding,
    SpeakerFinding,
)
from edgeser.explanation.literature import SMALL_EFFECT, SOURCES
from edgeser.report.explanation.charts import channel_chart, cue_matrix, signed
from edgeser.report.explanation.clip import NO_CUES
from edgeser.report.explanation.sentences import (
    corpus_details,
    corpus_headlines,
    how_it_sounds,
    short_names,
    what_is_expected,
)
from edgeser.report.figures import percent
from edgeser.report.html import page
from edgeser.report.plane_names import PLANE_NAMES
from quantize.foundation.measurement import Measurement

_FEW_CLIPS = 24
"""Of more the list is folded up."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A figure, and its interval below it."""

    text: str
    range: str = ""


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    is_figure: bool = True


@dataclass(frozen=True, slots=True)
class _Held:
    """An expectation of the literature, and what was found."""

    answer: str
    cue: str
    expected: str
    found: _Cell
    labelled: _Cell
    agreement: str
    sources: str


@dataclass(frozen=True, slots=True)
class _Answer:
    name: str
    cells: tuple[_Cell, ...]


@dataclass(frozen=True, slots=True)
class _Clip:
    name: str
    cells: tuple[str, ...]


def render_corpus(
    corpus: str,
    finding: Finding,
    found: Sequence[Explanation],
    pages: Sequence[str],
    problems: Sequence[str],
) -> str:
    """Return the page of a corpus.

    Parameters
    ----------
    corpus
        Its name.
    finding
        What the clips say together.
    found, pages
        The clips, at least one, and the names of their pages in ``clips/``.
    problems
        Of clips that are not explained.
    """
    several = len(found[0].planes) > 1
    heard = any(item.cues is not None for item in found)
    return page("explained_corpus.html.j2").render(
        corpus=corpus,
        finding=finding,
        occlusion=found[0].occlusion,
        engine=found[0].engine,
        headlines=corpus_headlines(finding),
        details=corpus_details(finding),
        channels=[
            (PLANE_NAMES.get(plane, plane), channel_chart(finding, number, found[0].band_hz))
            for number, plane in enumerate(found[0].planes)
        ],
        columns=_columns(found[0].planes if several else (), heard=heard),
        cue_names=[cue.name for cue in CUES] if heard else [],
        answers=[_answer(finding, e, several=several, heard=heard) for e in finding.emotions],
        sound_chart=cue_matrix(finding) if heard else None,
        sounds=[(emotion.answer, _sounds(emotion)) for emotion in finding.emotions],
        errors=[_error(error) for error in finding.errors],
        by_speaker=[_speaker(of, short_names(finding)) for of in finding.by_speaker],
        few_clips=_FEW_CLIPS,
        verdicts=[
            _Held(
                v.answer,
                v.expectation.cue,
                "more" if v.expectation.sign > 0 else "less",
                _cell(v.score, 2),
                _Cell("-") if v.labelled is None else _cell(v.labelled, 2),
                v.agreement.value,
                "; ".join(v.expectation.sources),
            )
            for v in finding.verdicts
        ],
        worth=_worth(finding),
        clips=[(name, _clip(item)) for name, item in zip(pages, found, strict=True)],
        problems=problems,
        sources=SOURCES,
        licence=LICENCE,
        no_cues=NO_CUES,
        small_effect=SMALL_EFFECT,
        few_speakers=FEWEST_SPEAKERS,
    )


def _columns(planes: Sequence[str], *, heard: bool) -> list[_Column]:
    """Return what `_answer` gives, in its order."""
    said = ("where it listens, than the speaker usually is", "the literature") if heard else ()
    return [
        *map(_Column, ("clips", "precision", "recall")),
        *(_Column(name, is_figure=False) for name in said),
        *map(_Column, planes),
    ]


def _answer(finding: Finding, emotion: EmotionFinding, *, several: bool, heard: bool) -> _Answer:
    shares = ("-" if share is None else percent(share) for share in (emotion.right, emotion.known))
    cells = [_Cell(str(emotion.clips)), *map(_Cell, shares)]
    if heard:
        said = (how_it_sounds(emotion), what_is_expected(finding, emotion.answer))
        cells += [_Cell(text) for text in said]
    if several:
        cells += [_Cell(percent(share.value)) for share in emotion.shares.values()]
    return _Answer(emotion.answer, tuple(cells))


def _sounds(emotion: EmotionFinding) -> list[tuple[str, tuple[_Cell, ...]]]:
    """Return how clips of an answer sound: where it listened, as a whole, those labelled so."""
    rows = [
        ("where it listened", emotion.cues),
        ("the same clips, whole", emotion.whole),
        ("clips labelled so, whole", emotion.labelled),
        ("against their own clip", emotion.within),
    ]
    return [
        (what, tuple(_Cell("-") if cue is None else _cell(cue, 1) for cue in cues))
        for what, cues in rows
    ]


def _error(error: ErrorFinding) -> _Answer:
    cells = [_Cell(error.answer), _Cell(f"{error.clips} of {error.of}"), _Cell(str(error.speakers))]
    cells += [_Cell("-") if cue is None else _cell(cue, 1) for cue in error.cues]
    return _Answer(error.label, tuple(cells))


def _speaker(speaker: SpeakerFinding, names: dict[str, str]) -> _Answer:
    gains = (
        "-" if gain is None else f"{gain:+.3f}" for gain in (speaker.deletion, speaker.insertion)
    )
    right = "-" if speaker.right is None else percent(speaker.right)
    cells = (str(speaker.clips), right, *gains)
    return _Answer(names[speaker.speaker], tuple(_Cell(cell) for cell in cells))


def _cell(figure: Measurement, decimals: int) -> _Cell:
    text = signed(figure.value, decimals)
    if figure.interval is None:
        return _Cell(text)
    low, high = figure.interval
    return _Cell(text, f"{signed(low, decimals)} to {signed(high, decimals)}")


def _worth(finding: Finding) -> list[tuple[str, str, str, str]]:
    named = [
        ("deletion, area gained", finding.deletion),
        ("insertion, area gained", finding.insertion),
        ("correlation with integrated gradients", finding.gradients),
        *((f"correlation: {name}", figure) for name, figure in finding.stability.items()),
        *((f"correlation: {name} shuffled", figure) for name, figure in finding.shuffled.items()),
    ]
    return [
        (
            name,
            f"{figure.value:+.3f}",
            "" if figure.interval is None else "{:+.3f} to {:+.3f}".format(*figure.interval),
            figure.source,
        )
        for name, figure in named
        if figure is not None
    ]


def _clip(item: Explanation) -> _Clip:
    first = f"{item.stretches[0].start_s:.2f} s" if item.stretches else "-"
    sure = f"{100 * item.probabilities[item.answer]:.0f} %"
    return _Clip(
        item.told.name, (item.told.speaker, item.told.label or "-", item.answer, sure, first)
    )
