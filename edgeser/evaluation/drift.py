"""How far recordings are from those that a model was trained on, without a label.

Of each plane: the population stability index (PSI) of its int8 values,

    PSI = sum over bins (q_i - p_i) ln(q_i / p_i)

with ``p_i`` the reference's share of a bin and ``q_i`` that of the new recordings: the symmetric
divergence of Jeffreys (1946), as credit scoring uses it (Lewis, "An Introduction to Credit
Scoring", 1994; Siddiqi, "Credit Risk Scorecards", 2006). The usual reading is under 0.1: no change,
0.1 to 0.25: some, above 0.25: large. It is computed for each channel, over at most ten bins that
hold about equally much of the reference, and a plane's is the mean of its channels'. Half a count
is added to each bin, so that an empty one is no infinity.

What speakers differ by is no microphone: `DriftReference.speakers_psi` says what single speakers of
the reference have against all others of it.

Also the share of int8 values at an end of the range, where features are clipped, and the level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.metrics import ratio
from edgeser.evaluation.verdict import ROUNDING, Check
from edgeser.wording import plural
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement

BINS = 32
"""Bins of a stored histogram: of eight int8 steps each."""
_EQUAL_BINS = 10
_SOME, _LARGE = 0.1, 0.25
_FEWEST_SECONDS = 60.0
"""Below this the index is above 0 by chance."""
_MOST_PLANES, _MOST_CHANNELS = 64, 4096
Counts = NDArray[np.int64]
Spread = tuple[float, float, float]
PERCENTILES = (5, 50, 95)


@dataclass(frozen=True, slots=True, eq=False)
class Distributions:
    """What some recordings are like to a frontend.

    Parameters
    ----------
    histogram
        int64 ``[planes, channels, 32]``: int8 values in bins of eight steps, from -128 on.
    clipped
        int64 ``[planes]``: values at -128 or 127.
    levels_dbfs
        5, 50 and 95 % of the clips have at most that RMS, in dB against full scale.
    full_scale
        Share of the samples at an end of int16, where a microphone's converter clips.
    clips, seconds
        How much there was.
    """

    histogram: Counts
    clipped: Counts
    levels_dbfs: Spread
    full_scale: float
    clips: int
    seconds: float

    def __post_init__(self) -> None:
        shape = self.histogram.shape
        whole = self.histogram.dtype.kind == self.clipped.dtype.kind == "i"
        if len(shape) != 3 or shape[2] != BINS or self.clipped.shape != shape[:1] or not whole:
            raise BadInput(
                f"a histogram of features is [planes, channels, {BINS}] counts, not "
                f"{self.histogram.dtype} {list(shape)}"
            )
        if not (0 < shape[0] <= _MOST_PLANES and 0 < shape[1] <= _MOST_CHANNELS):
            raise BadInput(f"a histogram of {shape[0]} planes of {shape[1]} channels is none")
        totals = self.histogram.sum(axis=(1, 2))
        if self.histogram.min() < 0 or self.clipped.min() < 0 or totals.min() <= 0:
            raise BadInput("a histogram of features has negative counts, or none")
        if np.any(self.clipped > totals) or self.clips < 1 or not 0 <= self.full_scale <= 1:
            raise BadInput("the counts of a histogram of features do not fit together")
        if not self.seconds > 0 or list(self.levels_dbfs) != sorted(self.levels_dbfs):
            raise BadInput("the levels of a histogram of features are not in order")

    @property
    def clipped_share(self) -> NDArray[np.float64]:
        """Share of each plane's values that are clipped, float64 ``[planes]``."""
        return np.asarray(self.clipped / self.histogram.sum(axis=(1, 2)))


@dataclass(frozen=True, slots=True, eq=False)
class DriftReference:
    """What recordings of a training were like.

    Parameters
    ----------
    frontend_hash
        Of the frontend, its normalisation included: others have other features.
    planes
        Their names.
    source
        What the recordings are, in words.
    speakers
        How many, of those known.
    distributions
        Of all of them.
    speakers_psi
        By plane: median and 95th percentile, over speakers, of what one speaker's recordings have
        against all others'; empty of fewer than two speakers.
    """

    frontend_hash: str
    planes: tuple[str, ...]
    source: str
    speakers: int
    distributions: Distributions
    speakers_psi: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        planes = len(self.planes)
        if self.distributions.histogram.shape[0] != planes:
            raise BadInput(f"a reference names {planes} planes and has others")
        if len(self.speakers_psi) not in (0, planes):
            raise BadInput(f"a reference of {planes} planes has {len(self.speakers_psi)} indices")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftTolerances:
    """How far recordings may be from the reference.

    Parameters
    ----------
    max_psi
        Of each plane.
    max_clipped
        By how much the share of clipped int8 values of a plane may be above the reference's.
    """

    max_psi: float = _LARGE
    max_clipped: float = 0.05

    def __post_init__(self) -> None:
        for name, most in (("max_psi", math.inf), ("max_clipped", 1.0)):
            value = getattr(self, name)
            if not (0 <= value <= most and math.isfinite(value)):
                raise BadInput(f"the tolerance {name} is {value}", hint="give a number from 0 on")


@dataclass(frozen=True, slots=True)
class PlaneDrift:
    """How far one plane is from the reference.

    Parameters
    ----------
    plane
        Its name.
    psi
        Population stability index.
    channels
        The index of each channel.
    speakers
        Median and 95th percentile of single speakers of the reference; ``None`` where not known.
    clipped
        Share of its int8 values at an end of the range.
    reference_clipped
        The reference's.
    """

    plane: str
    psi: Measurement
    channels: tuple[float, ...]
    speakers: tuple[float, float] | None
    clipped: Measurement
    reference_clipped: float

    @property
    def worst_channel(self) -> int:
        """The channel that moved most, counted from 0."""
        return int(np.argmax(self.channels))

    @property
    def worst_psi(self) -> float:
        """The index of that channel."""
        return max(self.channels)


@dataclass(frozen=True, slots=True, eq=False)
class DriftReport:
    """How far recordings are from a reference, and whether that is too far.

    Parameters
    ----------
    planes
        In the frontend's order.
    found, reference
        What the recordings, and those of the training, are like.
    level_shift
        Median level less the reference's, dB.
    source, reference_source
        What they are, in words.
    checks, tolerances
        What was judged, and by what.
    """

    planes: tuple[PlaneDrift, ...]
    found: Distributions
    reference: Distributions
    level_shift: Measurement
    source: str
    reference_source: str
    checks: tuple[Check, ...]
    tolerances: DriftTolerances

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each check that failed."""
        return tuple(check.failure for check in self.checks if check.failure is not None)

    @property
    def passed(self) -> bool:
        """Whether the recordings are near enough."""
        return not self.failures

    @property
    def largest(self) -> PlaneDrift:
        """The plane that moved most."""
        return max(self.planes, key=lambda plane: plane.psi.value)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What must be known before this is believed."""
        if self.found.seconds >= _FEWEST_SECONDS:
            return ()
        clips = f"{self.found.clips} {plural('clip', self.found.clips)}"
        return (
            f"{clips} of {self.found.seconds:.0f} s together are little: the index is above 0 by "
            f"chance; give {_FEWEST_SECONDS:.0f} s of several speakers",
        )

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        largest = self.largest
        index = f"index {largest.psi.value:.2f} ({largest.plane})"
        if self.passed:
            degree = "no change" if largest.psi.value < _SOME else "some change"
            return f"These recordings are like those of the training: {degree}, largest {index}."
        why = "; ".join(self.failures)
        return f"This microphone is too far from what was trained: {why}."


def population_stability(reference: Counts, found: Counts) -> NDArray[np.float64]:
    """Return the index of each channel, float64 ``[channels]``.

    Parameters
    ----------
    reference, found
        int64 ``[channels, bins]``, each row with at least one count.
    """
    indices = []
    for old, new in zip(reference, found, strict=True):
        edges = _equal_bins(old)
        p, q = (_shares(np.add.reduceat(counts, edges)) for counts in (old, new))
        indices.append(float(np.sum((q - p) * np.log(q / p))))
    return np.array(indices)


def compare_with(
    reference: DriftReference,
    found: Distributions,
    *,
    source: str,
    tolerances: DriftTolerances,
) -> DriftReport:
    """Return how far recordings are from a reference.

    Raises
    ------
    BadInput
        When they have other planes or channels.
    """
    old = reference.distributions
    if old.histogram.shape != found.histogram.shape:
        raise BadInput(
            f"the reference has {list(old.histogram.shape[:2])} planes and channels, the "
            f"recordings {list(found.histogram.shape[:2])}",
            hint="make a reference with this bundle: evaluate --save-drift",
        )
    planes = tuple(
        _plane(reference, found, index, source) for index in range(len(reference.planes))
    )
    shift = found.levels_dbfs[1] - old.levels_dbfs[1]
    level = Measurement(shift, "dB", Evidence.MEASURED, source)
    checks = (
        *(_stability(plane, tolerances) for plane in planes),
        *(_clipping(plane, tolerances) for plane in planes),
        _level(found, old),
    )
    return DriftReport(
        planes=planes,
        found=found,
        reference=old,
        level_shift=level,
        source=source,
        reference_source=reference.source,
        checks=checks,
        tolerances=tolerances,
    )


def _plane(reference: DriftReference, found: Distributions, index: int, source: str) -> PlaneDrift:
    old = reference.distributions
    channels = population_stability(old.histogram[index], found.histogram[index])
    return PlaneDrift(
        plane=reference.planes[index],
        psi=Measurement(float(channels.mean()), "", Evidence.MEASURED, source),
        channels=tuple(map(float, channels)),
        speakers=reference.speakers_psi[index] if reference.speakers_psi else None,
        clipped=ratio(float(found.clipped_share[index]), source),
        reference_clipped=float(old.clipped_share[index]),
    )


def _equal_bins(counts: Counts) -> NDArray[np.int64]:
    """Return where bins of about a tenth each begin, by the first stored bin of each."""
    whole = int(counts.sum())
    edges, filled, made = [0], 0, 0
    for index, count in enumerate(counts[:-1]):
        filled += int(count)
        if filled * _EQUAL_BINS >= whole * (made + 1) and filled < whole:
            edges.append(index + 1)
            made = filled * _EQUAL_BINS // whole
    return np.array(edges, np.int64)


def _shares(counts: Counts) -> NDArray[np.float64]:
    return np.asarray((counts + 0.5) / (counts.sum() + 0.5 * len(counts)))


def _stability(plane: PlaneDrift, tolerances: DriftTolerances) -> Check:
    name, psi = f"population stability of {plane.plane}", plane.psi.value
    if psi <= tolerances.max_psi:
        return Check(name)
    text = f"{name}: index {psi:.2f}, tolerance {tolerances.max_psi:.2f}"
    if plane.speakers is not None:
        text += f"; of single speakers of the training 95 % are under {plane.speakers[1]:.2f}"
    return Check(name, f"{text}; most in channel {plane.worst_channel} ({plane.worst_psi:.2f})")


def _clipping(plane: PlaneDrift, tolerances: DriftTolerances) -> Check:
    name, share = f"clipped values of {plane.plane}", plane.clipped.value
    if share - plane.reference_clipped <= tolerances.max_clipped + ROUNDING:
        return Check(name)
    return Check(
        name,
        f"{name}: {100 * share:.1f} % of the int8 values, in training "
        f"{100 * plane.reference_clipped:.1f} %, {100 * tolerances.max_clipped:.1f} points "
        "more are tolerated",
    )


def _level(found: Distributions, reference: Distributions) -> Check:
    """Judge the median level: it is too far where under 5 % of the training's clips are so."""
    low, _, high = reference.levels_dbfs
    middle = found.levels_dbfs[1]
    if low <= middle <= high:
        return Check("level")
    quiet = middle < low
    return Check(
        "level",
        f"the level is {middle:.0f} dBFS in the median, {'quieter' if quiet else 'louder'} than "
        f"95 % of the training's clips ({low:.0f} to {high:.0f} dBFS): "
        f"{'raise' if quiet else 'lower'} the gain",
    )
