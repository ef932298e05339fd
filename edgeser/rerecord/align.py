"""From markers that were heard to where each block lies in a recording, and by which clock."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeser.rerecord.hear import Heard, Listened, refined
from edgeser.rerecord.playlist import Block, PlayList

MOST_DRIFT_PPM = 1000.0
"""Of two clocks: crystals differ by 200 at most. Beyond it samples are missing."""
LOST_SAMPLES = 2.0
"""By so many samples a block may be longer or shorter than its recording's clock makes it."""
_FEWEST_FOR_MEDIAN = 3
_PASSES = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block lies in a recording.

    Parameters
    ----------
    listened
        The recording.
    first
        Where the first marker's sweep begins, in its samples, fractional.
    step
        Its samples to one sample of what was played.
    delay_s
        From where the block is in its file to where it is in the recording.
    drift_ppm
        By how much the recorder's clock is faster than the player's.
    correlation
        Of the fainter one of the two sweeps.
    """

    listened: Listened
    first: float
    step: float
    delay_s: float
    drift_ppm: float
    correlation: float

    def at(self, block: Block, sample: int) -> float:
        """Return where a sample of the block's file lies, in samples of the recording."""
        return self.first + (sample - block.before) * self.step


@dataclass(frozen=True, slots=True)
class Alignment:
    """One block: its place, or why it has none."""

    number: int
    place: Place | None
    problem: str = ""


def align(playlist: PlayList, recordings: Sequence[Listened]) -> tuple[Alignment, ...]:
    """Find each block in the recording in which its chirps are heard best.

    A block is refused when one of its chirps was not heard, or when it is longer or shorter than
    the clock of its recording makes it: then samples were lost or doubled within.
    """
    found: dict[int, list[Place | str]] = {}
    for listened in recordings:
        places = {
            number: place
            for number, block in enumerate(playlist.blocks)
            if (place := _place(playlist, number, block, listened)) is not None
        }
        for number, answer in _by_one_clock(playlist, places):
            found.setdefault(number, []).append(answer)
    return tuple(
        _best(number, found.get(number, []), recordings) for number in range(len(playlist.blocks))
    )


def _place(playlist: PlayList, number: int, block: Block, listened: Listened) -> Place | None:
    """Return the best pair of markers of a block that fit together; `None` where none does."""
    mine = [heard for heard in listened.heard if heard.marker.block == number]
    length = block.after - block.before
    nominal = listened.sample_rate / playlist.sample_rate
    pairs = [
        (before, after)
        for before in mine
        for after in mine
        if (before.marker.kind, after.marker.kind) == ("before", "after")
        and abs((after.position - before.position) / (length * nominal) - 1.0)
        <= MOST_DRIFT_PPM * 1e-6
    ]
    if not pairs:
        return None
    before, after = max(pairs, key=lambda pair: min(h.correlation for h in pair))
    for _ in range(_PASSES):  # a sweep by another clock is found a little beside its place
        step = (after.position - before.position) / length
        before = refined(listened, before, step * playlist.sample_rate)
        after = refined(listened, after, step * playlist.sample_rate)
    step = (after.position - before.position) / length
    return Place(
        listened,
        before.position,
        step,
        before.position / listened.sample_rate - block.before / playlist.sample_rate,
        1e6 * (step / nominal - 1.0),
        min(before.correlation, after.correlation),
    )


def _by_one_clock(
    playlist: PlayList, places: dict[int, Place]
) -> Iterator[tuple[int, Place | str]]:
    """Yield each block's place, or what is wrong with it beside the others of the recording."""
    median = statistics.median(p.drift_ppm for p in places.values()) if places else 0.0
    for number, place in places.items():
        block = playlist.blocks[number]
        surplus = (place.drift_ppm - median) * 1e-6 * (block.after - block.before)
        if len(places) >= _FEWEST_FOR_MEDIAN and abs(surplus) > LOST_SAMPLES:
            what = "too many" if surplus > 0 else "were lost"
            yield number, f"{abs(surplus):.0f} samples {what} between its chirps"
        else:
            yield number, place


def _best(number: int, answers: Sequence[Place | str], recordings: Sequence[Listened]) -> Alignment:
    places = [answer for answer in answers if isinstance(answer, Place)]
    if places:
        return Alignment(number, max(places, key=lambda place: place.correlation))
    problems = [answer for answer in answers if isinstance(answer, str)]
    if problems:
        return Alignment(number, None, problems[0])
    return Alignment(number, None, _why_not(number, recordings))


def _why_not(number: int, recordings: Sequence[Listened]) -> str:
    heard: list[Heard] = [h for r in recordings for h in r.heard if h.marker.block == number]
    kinds = {h.marker.kind for h in heard}
    if not kinds:
        return "neither of its chirps was heard"
    if len(kinds) == 1:
        missing = "after" if kinds == {"before"} else "before"
        return f"the chirp {missing} it was not heard"
    return f"its chirps are further apart or nearer than clocks differ ({MOST_DRIFT_PPM:g} ppm)"
