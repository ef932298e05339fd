"""What the explanations of a corpus say together, as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeser.baseline.licence import LICENCE
from edgeser.explanation.cues import CUES
from edgeser.explanation.explanation import Explanation
from edgeser.explanation.finding import EmotionFinding, Finding
from edgeser.explanation.literature import SOURCES, Agreement
from edgeser.report.explained import NO_CUES, side_shares
from edgeser.report.explained_charts import channel_chart
from edgeser.report.figures import percent
from edgeser.report.html import page
from edgeser.report.plane_names import PLANE_NAMES
from quantize.foundation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class _Cell:
    """A figure, and its interval below it."""

    text: str
    range: str = ""


@dataclass(frozen=True, slots=True)
class _Held:
    """An expectation of the literature, and what was found."""

    answer: str
    cue: str
    expected: str
    found: _Cell
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
        lines=corpus_sentences(finding),
        channels=[
            (PLANE_NAMES.get(plane, plane), channel_chart(finding, number))
            for number, plane in enumerate(found[0].planes)
        ],
        planes=list(found[0].planes) if several else [],
        cue_names=[cue.name for cue in CUES] if heard else [],
        answers=[_answer(emotion, several=several, heard=heard) for emotion in finding.emotions],
        verdicts=[
            _Held(
                v.answer,
                v.expectation.cue,
                "more" if v.expectation.sign > 0 else "less",
                _cell(v.score, 2),
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
    )


def corpus_sentences(finding: Finding) -> list[str]:
    """Return what was found, in words: one sentence a fact."""
    lines = []
    if finding.deletion is not None:
        lines.append(_deletion_words(finding.deletion))
    if finding.verdicts:
        agreeing = [v for v in finding.verdicts if v.agreement is Agreement.AGREES]
        against = [v for v in finding.verdicts if v.agreement is Agreement.CONTRADICTS]
        text = (
            f"Of {len(finding.verdicts)} cues that the literature expects, {len(agreeing)} are so "
            f"in the salient stretches"
        )
        if agreeing:
            text += f" ({', '.join(f'{v.answer}: {v.expectation.cue}' for v in agreeing)})"
        text += f", {len(against)} the other way"
        if against:
            text += f" ({', '.join(f'{v.answer}: {v.expectation.cue}' for v in against)})"
        lines.append(f"{text}.")
    shares: dict[str, float] = {}
    for emotion in finding.emotions:
        for plane, share in emotion.shares.items():
            shares[plane] = shares.get(plane, 0.0) + share.value * emotion.clips / finding.clips
    if len(shares) > 1:
        sides = [f"{percent(share)} {side}" for side, share in side_shares(shares).items()]
        lines.append(f"Of what speaks for the answers, {', '.join(sides)}.")
    return lines


def _deletion_words(gain: Measurement) -> str:
    if gain.interval is None:
        return f"Hiding what the maps point at is better than random by {gain.value:+.3f}."
    low, high = gain.interval
    held = "does" if low > 0 else "does not reliably" if high > 0 else "does not"
    return (
        f"Hiding what the maps point at {held} take the answer sooner than hiding random patches: "
        f"{gain.value:+.3f} of probability ({low:+.3f} to {high:+.3f})."
    )


def _answer(emotion: EmotionFinding, *, several: bool, heard: bool) -> _Answer:
    right = "-" if emotion.right is None else f"{100 * emotion.right:.0f} %"
    cells = [_Cell(str(emotion.clips)), _Cell(right)]
    if several:
        cells += [_Cell(f"{100 * share.value:.0f} %") for share in emotion.shares.values()]
    if heard:
        cells += [_Cell("-") if cue is None else _cell(cue, 1) for cue in emotion.cues]
    return _Answer(emotion.answer, tuple(cells))


def _cell(figure: Measurement, decimals: int) -> _Cell:
    text = f"{figure.value:+.{decimals}f}"
    if figure.interval is None:
        return _Cell(text)
    low, high = figure.interval
    return _Cell(text, f"{low:+.{decimals}f} to {high:+.{decimals}f}")


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
