"""An explanation in a sentence, and as the HTML page of a clip."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeser.baseline.licence import LICENCE
from edgeser.explanation.cues import CUES
from edgeser.explanation.explanation import Explanation, HeardCues
from edgeser.explanation.literature import SOURCES, Agreement, Verdict
from edgeser.report.explanation.charts import cue_chart, curve_chart, plane_maps, waveform
from edgeser.report.figures import percent
from edgeser.report.html import page
from quantize.foundation.extras import extra
from quantize.foundation.foreign import MOST_QUOTED, printable

BANDS = ("lower", "middle", "upper")
NO_CUES = (
    "No cues: they are computed by openSMILE, which is not installed here. Install it by "
    f"{extra('explain').install}, and run this again."
)
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 60
_RESERVED = {"explained", "corpus", "index"}


def page_names(paths: Sequence[Path | str]) -> list[str]:
    """Return a name for each clip's files: its own in safe letters, and none twice.

    >>> page_names(["a/x.wav", "b/x.wav", "<&>.wav"])
    ['x', 'x-2', 'clip']
    """
    names: list[str] = []
    taken = set(_RESERVED)
    for path in paths:
        stem = _UNSAFE.sub("-", Path(path).stem).strip("-")[:_LONGEST] or "clip"
        name, number = stem, 1
        while name.lower() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def sentence(found: Explanation) -> str:
    """Return what was found, in words."""
    sure = found.probabilities[found.answer]
    answer = f"{printable(found.answer)} ({percent(sure)})"
    if found.unsure:
        answer = f"unsure, likeliest {answer}"
    text = f"{printable(found.told.name, limit=MOST_QUOTED)}: {answer}"
    if not found.stretches:
        return f"{text}; nothing in it speaks for that more than against it"
    first = found.stretches[0]
    together = sum(stretch.share for stretch in found.stretches)
    band = max(range(len(found.bands)), key=found.bands.__getitem__)
    count = len(found.stretches)
    stretches = "" if count == 1 else f", {percent(together)} in {count} stretches"
    text += (
        f"; it rests most on {first.start_s:.2f} to {first.end_s:.2f} s ({percent(first.share)} of "
        f"what speaks for it{stretches}) and on the {BANDS[band]} third of the channels "
        f"({percent(found.bands[band])})"
    )
    if len(found.planes) > 1:
        text += f"; {_sides(found)}"
    if found.cues is not None and found.cues.verdicts:
        text += f"; {_verdict_words(found.cues.verdicts)}"
    return text


def _sides(found: Explanation) -> str:
    shares = [f"{percent(share)} {name}" for name, share in side_shares(found.shares).items()]
    return f"of that {', '.join(shares)}"


def side_shares(shares: dict[str, float]) -> dict[str, float]:
    """Return shares by what planes tell of: the amplitude, glottal timing, the vocal tract.

    Instantaneous frequency follows the glottis in time, group delay the tract in frequency.
    """
    sides = {
        "amplitude": "amplitude",
        "if": "timing (instantaneous frequency)",
        "gd": "tract (group delay)",
    }
    found: dict[str, float] = {}
    for plane, share in shares.items():
        side = sides[plane.partition("_")[0]]
        found[side] = found.get(side, 0.0) + share
    return found


def _verdict_words(verdicts: Sequence[Verdict]) -> str:
    agreeing = [v.expectation.cue for v in verdicts if v.agreement is Agreement.AGREES]
    against = [v.expectation.cue for v in verdicts if v.agreement is Agreement.CONTRADICTS]
    parts = []
    if agreeing:
        parts.append(f"{', '.join(agreeing)} as the literature expects")
    if against:
        parts.append(f"{', '.join(against)} the other way")
    said = ", ".join(parts) or "cues neither as the literature expects nor the other way"
    clip_alone = all(verdict.against == "clip" for verdict in verdicts)
    return f"there, held to the rest of the clip, {said}" if clip_alone else f"there {said}"


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table: its name and its cells, as text."""

    name: str
    cells: tuple[str, ...]


def render_clip(found: Explanation) -> str:
    """Return the page of a clip."""
    curves = found.faithfulness
    return page("explained.html.j2").render(
        found=found,
        sentence=sentence(found),
        maps=plane_maps(found),
        wave=waveform(found.samples, found.sample_rate, found.stretches),
        probabilities=sorted(found.probabilities.items(), key=lambda item: -item[1]),
        stretches=_stretch_rows(found),
        sides=side_shares(found.shares) if len(found.planes) > 1 else {},
        hidden=found.hidden_planes,
        curves=[]
        if curves is None
        else [
            (_curve_words(name, c.gain, c.interval), curve_chart(name, c))
            for name, c in (("Deletion", curves.deletion), ("Insertion", curves.insertion))
        ],
        worth_rows=_worth_rows(found),
        no_cues=NO_CUES,
        cue_chart=None if found.cues is None else cue_chart(found.cues),
        cue_names=[cue.name + (f", {cue.unit}" if cue.unit else "") for cue in CUES],
        cue_rows=[] if found.cues is None else _cue_rows(found.cues),
        verdicts=[] if found.cues is None else [verdict_row(v) for v in found.cues.verdicts],
        clip_alone=found.cues is not None and all(v.against == "clip" for v in found.cues.verdicts),
        sources=SOURCES,
        licence=LICENCE,
    )


def _stretch_rows(found: Explanation) -> list[_Row]:
    return [
        _Row(str(number), (f"{s.start_s:.2f} to {s.end_s:.2f} s", f"{100 * s.share:.0f} %"))
        for number, s in enumerate(found.stretches, 1)
    ]


def _curve_words(name: str, gain: float, interval: tuple[float, float]) -> str:
    low, high = interval
    return (
        f"{name}: the map's area is better than random patches' by {gain:+.3f} of probability "
        f"({low:+.3f} to {high:+.3f} over random orders)."
    )


def correlation(value: float | None) -> str:
    """Return a rank correlation as text; a dash where a map is flat."""
    return "-" if value is None else f"{value:+.2f}"


def _worth_rows(found: Explanation) -> list[_Row]:
    worth = found.worth
    if worth is None:
        return []
    rows = [
        _Row(
            "integrated gradients of the float network",
            (
                correlation(worth.gradients.correlation),
                f"they miss {worth.gradients.residual:+.2f} of {worth.gradients.rise:+.2f}",
            ),
        )
    ]
    rows += [
        _Row(s.change, (correlation(s.correlation), f"then answered: {s.answer}"))
        for s in worth.stability
    ]
    rows += [
        _Row(
            f"{s.layers} of {s.of} layers shuffled",
            (
                correlation(s.correlation),
                f"probability of {found.answer} then {percent(s.probability)}",
            ),
        )
        for s in worth.shuffled
    ]
    return rows


def _cue_rows(cues: HeardCues) -> list[_Row]:
    rows = []
    for number, item in enumerate(cues.stretches, 1):
        cells = []
        for index in range(len(CUES)):
            value = item.values[index]
            scores = [
                f"{name} {of[index]:+.1f}"
                for name, of in item.scores.items()
                if np.isfinite(of[index])
            ]
            cells.append("-" if math.isnan(value) else f"{value:.3g} ({', '.join(scores) or '-'})")
        rows.append(_Row(str(number), tuple(cells)))
    return rows


def verdict_row(verdict: Verdict) -> _Row:
    """Return a verdict as a row: cue; what is expected, what was found, whether it agrees, who."""
    expected = "more than usual" if verdict.expectation.sign > 0 else "less than usual"
    return _Row(
        verdict.expectation.cue,
        (
            expected,
            f"{verdict.score:+.1f} against the {verdict.against}",
            verdict.agreement.value,
            "; ".join(verdict.expectation.sources),
        ),
    )
