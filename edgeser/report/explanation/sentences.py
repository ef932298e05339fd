"""What a corpus's explanations come to, in words: one sentence a fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from edgeser.evaluation.metrics import FEWEST_SPEAKERS
from edgeser.explanation.cues import CUES
from edgeser.explanation.finding_records import (
    CueFigures,
    EmotionFinding,
    EmotionVerdict,
    ErrorFinding,
    Finding,
)
from edgeser.explanation.literature import SMALL_EFFECT, Agreement
from edgeser.report.explanation.clip import side_shares
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
_Part = Callable[[Finding], Iterator[str]]


def corpus_sentences(finding: Finding) -> list[str]:
    """Return what was found, in words."""
    parts: tuple[_Part, ...] = (
        _stands_out, _answers, _within, _sides, _worth, _counted, _whose, _known, _errors,
        _of_errors,
    )  # fmt: skip
    return [line for part in parts for line in part(finding)]


def corpus_headlines(finding: Finding) -> list[tuple[str, str]]:
    """Return what is asked first of a model, and the answer; not what was not looked at."""
    asked: dict[str, tuple[_Part, ...]] = {
        "What it listens to": (_stands_out, _within, _sides),
        "Does it matter?": (_worth,),
        "Is it what the literature expects?": (_counted,),
        "Whom it fails": (_known, _errors),
    }
    told = {
        title: " ".join(line for part in parts for line in part(finding))
        for title, parts in asked.items()
    }
    return [(title, text) for title, text in told.items() if text]


def corpus_details(finding: Finding) -> tuple[str, str]:
    """Return what is said beside the literature's table, and beside that of errors."""
    return " ".join(_whose(finding)), " ".join(_of_errors(finding))


def how_it_sounds(emotion: EmotionFinding) -> str:
    """Return how what is called so sounds where the model listened, in a few words."""
    if not any(emotion.cues):
        return "-"
    if emotion.speakers < FEWEST_SPEAKERS:
        return "too few speakers"
    clear = _clear(emotion.cues)
    return _listed(clear) if clear else "as usual"


def what_is_expected(finding: Finding, answer: str) -> str:
    """Return how the literature's expectations of an answer came out, in a few words."""
    named = {
        Agreement.AGREES: "as expected",
        Agreement.CONTRADICTS: "the other way",
        Agreement.TOO_FEW: "too few speakers",
    }
    cues: dict[str, list[str]] = {}
    for verdict in finding.verdicts:
        if verdict.answer == answer:
            how = named.get(verdict.agreement, "neither")
            cues.setdefault(how, []).append(verdict.expectation.cue)
    told = [f"{how}: {', '.join(cues[how])}" for how in (*named.values(), "neither") if how in cues]
    return "; ".join(told) if told else "expects nothing"


def short_names(finding: Finding) -> dict[str, str]:
    """Return what speakers are called beside one another: without the corpus if all are of one."""
    names = [of.speaker for of in finding.by_speaker]
    corpora = {name.rpartition("/")[0] for name in names}
    return {name: name.rpartition("/")[2] if len(corpora) == 1 else name for name in names}


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
        f"{gain.value:+.3f} of probability (95 % over speakers {low:+.3f} to {high:+.3f})"
    )
    gains = [(s.deletion, s.speaker) for s in finding.by_speaker if s.deletion is not None]
    if len(gains) > 1:
        least, who = min(gains)
        text += f"; least with {short_names(finding)[who]} ({least:+.3f})"
    yield f"{text}."
    shown = finding.insertion
    if shown is not None and shown.interval is not None:
        low, high = shown.interval
        held = "brings" if low > 0 else "does not reliably bring" if high > 0 else "does not bring"
        yield (
            f"Shown alone it {held} the answer back sooner: {shown.value:+.3f} ({low:+.3f} to "
            f"{high:+.3f})."
        )


def _stands_out(finding: Finding) -> Iterator[str]:
    """Say by which cues the answers are told from the speaker's usual voice where it listens."""
    judged = [e for e in finding.emotions if any(e.cues) and e.speakers >= FEWEST_SPEAKERS]
    if not judged:
        return
    count = {
        cue.name: sum(_is_clear(figure) for e in judged if (figure := e.cues[number]) is not None)
        for number, cue in enumerate(CUES)
    }
    named = sorted((name for name in count if count[name]), key=lambda name: -count[name])
    never = [name for name in count if not count[name]]
    if not named:
        yield "Where it listens no answer differs clearly from the speaker's usual voice."
        return
    first = f" of {len(judged)} answers"
    text = _in_a_row([f"{n} ({count[n]}{first if n == named[0] else ''})" for n in named])
    least = f", and not by {_in_a_row(never)}" if never else ""
    yield f"Where it listens answers differ from the speaker's usual voice by {text}{least}."


def _known(finding: Finding) -> Iterator[str]:
    """Say whose clips are known least and most, and which label."""
    if finding.right is None:
        return
    names = short_names(finding)
    rights = [(s.right, names[s.speaker]) for s in finding.by_speaker if s.right is not None]
    text = f"It answers {percent(finding.right)} of the clips rightly"
    if len(rights) > 1:
        (least, worst), (most, best) = min(rights), max(rights)
        text += f": {percent(least)} of those of {worst}, the fewest, and {percent(most)} of {best}"
    labels = [(e.known, e.answer) for e in finding.emotions if e.known is not None]
    if len(labels) > 1:
        (least, worst), (most, best) = min(labels), max(labels)
        text += (
            f". Of what is labelled {worst} it knows {percent(least)}, the fewest, and of {best} "
        )
        text += percent(most)
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


def _counted(finding: Finding) -> Iterator[str]:
    judged = [v for v in finding.verdicts if v.agreement is not Agreement.TOO_FEW]
    if not judged:
        return
    agreeing = [v for v in judged if v.agreement is Agreement.AGREES]
    against = [v for v in judged if v.agreement is Agreement.CONTRADICTS]
    text = f"Of {len(judged)} cues that the literature expects, {len(agreeing)} are so there"
    text += f"{_verdicts(agreeing)}, {len(against)} the other way{_verdicts(against)}"
    rest = len(judged) - len(agreeing) - len(against)
    yield f"{text}, and {rest} neither."


def _whose(finding: Finding) -> Iterator[str]:
    for verdict in finding.verdicts:
        if verdict.agreement is Agreement.CONTRADICTS:
            yield _of_whom(verdict)


def _verdicts(verdicts: Sequence[EmotionVerdict]) -> str:
    if not verdicts:
        return ""
    cues: dict[str, list[str]] = {}
    for verdict in verdicts:
        cues.setdefault(verdict.answer, []).append(verdict.expectation.cue)
    return f" ({'; '.join(f'{answer}: {_in_a_row(names)}' for answer, names in cues.items())})"


def _of_whom(verdict: EmotionVerdict) -> str:
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


def _of_errors(finding: Finding) -> Iterator[str]:
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
    return _in_a_row([f"{word} ({score:+.1f})" for word, score in clear])


def _in_a_row(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
