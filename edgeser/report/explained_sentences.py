"""What a corpus's explanations come to, in words: one sentence a fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from edgeser.evaluation.metrics import FEWEST_SPEAKERS
from edgeser.explanation.cues import CUES
from edgeser.explanation.finding_records import (
    CueFigures,
    EmotionVerdict,
    ErrorFinding,
    Finding,
)
from edgeser.explanation.literature import SMALL_EFFECT, Agreement
from edgeser.report.explained import side_shares
from edgeser.report.figures import percent
from quantize.foundation.measurement import Measurement

_WORDS = {
    "loudness": ("louder", "softer"),
    "slope 500-1500 Hz": ("brighter", "duller"),
    "F0": ("higher", "lower"),
    "jitter": ("with more jitter", "with less jitter"),
    "shimmer": ("with more shimmer", "with less shimmer"),
    "HNR": ("more harmonic", "noisier"),
}
"""What more and less of a cue is called: of slope, more energy at 1500 Hz is a brighter voice."""
_MOST_CUES = 3


def corpus_sentences(finding: Finding) -> list[str]:
    """Return what was found, in words."""
    parts: tuple[Callable[[Finding], Iterator[str]], ...] = (
        _worth, _answers, _within, _literature, _errors, _sides,
    )  # fmt: skip
    return [line for part in parts for line in part(finding)]


def _worth(finding: Finding) -> Iterator[str]:
    gain = finding.deletion
    if gain is None:
        return
    if gain.interval is None:
        yield (
            f"Hiding what the map points at lowers the answer's probability by {gain.value:.3f} "
            "more than hiding random patches; one clip says nothing of others."
        )
        return
    low, high = gain.interval
    held = "takes" if low > 0 else "does not reliably take" if high > 0 else "does not take"
    text = (
        f"Hiding what the maps point at {held} the answer sooner than hiding random patches: "
        f"{gain.value:+.3f} of probability ({low:+.3f} to {high:+.3f})"
    )
    gains = [(s.deletion, s.speaker) for s in finding.by_speaker if s.deletion is not None]
    if len(gains) > 1:
        least, who = min(gains)
        text += f"; least with {who} ({least:+.3f})"
    yield f"{text}."


def _answers(finding: Finding) -> Iterator[str]:
    """Say how what is called so sounds where the model listened, and that some sound like usual."""
    for emotion in finding.emotions:
        if not any(emotion.cues) or emotion.speakers < FEWEST_SPEAKERS:
            continue
        clear = _clear(emotion.cues)
        sounds = _listed(clear) if clear else "much like the speaker's usual voice"
        against = " than the speaker usually is" if clear else ""
        yield f"Where it listens, what it calls {emotion.answer} is {sounds}{against}."


def _within(finding: Finding) -> Iterator[str]:
    if finding.speakers < FEWEST_SPEAKERS or not any(finding.within):
        return
    clear = _clear(finding.within)
    text = "Where it listens a clip sounds like the rest of its speech"
    if clear:
        text = f"It listens where a clip is {_listed(clear)} than in the rest of its speech"
    if finding.unvoiced is not None:
        text += f"; {percent(finding.unvoiced.value)} of these stretches have no voice"
    yield f"{text}."


def _literature(finding: Finding) -> Iterator[str]:
    judged = [v for v in finding.verdicts if v.agreement is not Agreement.TOO_FEW]
    if not judged:
        return
    agreeing = [v for v in judged if v.agreement is Agreement.AGREES]
    against = [v for v in judged if v.agreement is Agreement.CONTRADICTS]
    text = f"Of {len(judged)} cues that the literature expects, {len(agreeing)} are so there"
    text += f"{_verdicts(agreeing)}, {len(against)} the other way{_verdicts(against)}"
    rest = len(judged) - len(agreeing) - len(against)
    yield f"{text}, and {rest} neither."
    for verdict in against:
        yield _whose(verdict)


def _verdicts(verdicts: Sequence[EmotionVerdict]) -> str:
    if not verdicts:
        return ""
    return f" ({', '.join(f'{v.answer}: {v.expectation.cue}' for v in verdicts)})"


def _whose(verdict: EmotionVerdict) -> str:
    """Say whether what contradicts the literature is the corpus's, or the model's alone."""
    name = f"{verdict.expectation.cue} of {verdict.answer}"
    corpus = verdict.labelled
    if corpus is None:
        return f"Whether the {name} is the corpus's or the model's own is not known."
    if _is_clear(corpus) and corpus.value * verdict.expectation.sign < 0:
        return (
            f"The {name} is the corpus's: the clips labelled so are like that as a whole "
            f"({corpus.value:+.1f})."
        )
    return (
        f"The {name} is where the model listens, and not what the clips labelled so are like as a "
        f"whole ({corpus.value:+.1f})."
    )


def _errors(finding: Finding) -> Iterator[str]:
    if not finding.errors:
        return
    named = ", ".join(
        f"{error.label} called {error.answer} ({error.clips} of {error.of} clips)"
        for error in finding.errors[:_MOST_CUES]
    )
    yield f"Its most frequent errors: {named}."
    for error in finding.errors[:_MOST_CUES]:
        yield from _error(error)


def _error(error: ErrorFinding) -> Iterator[str]:
    if error.speakers < FEWEST_SPEAKERS:
        return
    clear = _clear(error.cues)
    if clear:
        yield (
            f"The {error.label} that it calls {error.answer} is {_listed(clear)} than the "
            f"{error.label} that it knows."
        )


def _sides(finding: Finding) -> Iterator[str]:
    shares: dict[str, float] = {}
    for emotion in finding.emotions:
        for plane, share in emotion.shares.items():
            shares[plane] = shares.get(plane, 0.0) + share.value * emotion.clips / finding.clips
    if len(shares) > 1:
        sides = [f"{percent(share)} {side}" for side, share in side_shares(shares).items()]
        yield f"Of what speaks for the answers, {', '.join(sides)}."


def _clear(cues: CueFigures) -> list[tuple[str, float]]:
    """Return the cues that are clearly more or less, in words with their scores: most first."""
    found = [
        (_WORDS[cue.name][figure.value < 0], figure.value)
        for cue, figure in zip(CUES, cues, strict=True)
        if figure is not None and _is_clear(figure)
    ]
    return sorted(found, key=lambda item: -abs(item[1]))[:_MOST_CUES]


def _is_clear(figure: Measurement) -> bool:
    """Return whether it is no small effect, and its interval does not hold 0."""
    if figure.interval is None or figure.interval[0] <= 0 <= figure.interval[1]:
        return False
    return abs(figure.value) >= SMALL_EFFECT


def _listed(clear: Sequence[tuple[str, float]]) -> str:
    words = [f"{word} ({score:+.1f})" for word, score in clear]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
