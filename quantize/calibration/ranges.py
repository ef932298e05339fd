"""How the ranges of a few samples compare with those of all.

Features are integers of 8 or 16 bits, so a histogram with one bin a value holds all there is to
know of their ranges: exact shares and ends, in one pass, whatever the size of the corpus.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from quantize.foundation.errors import BadInput

_DTYPES = (np.int8, np.uint8, np.int16, np.uint16)


@dataclass(frozen=True, slots=True)
class PlaneRanges:
    """The ranges of one feature plane, in the features' own integer unit.

    Parameters
    ----------
    plane
        Its name.
    subset_low, subset_high
        Smallest and largest value among the chosen samples.
    whole_low, whole_high
        The same among all samples.
    subset_clipped_share, whole_clipped_share
        Share of values at either end of the integer type, 0 to 1: what saturated.
    outside_share
        Share of all samples' values that lie outside the range of the chosen ones, 0 to 1: what
        a range measured on these would clip.
    missed_share
        How much of the whole range, ``whole_high - whole_low``, the chosen ones do not reach,
        0 to 1.
    """

    plane: str
    subset_low: int
    subset_high: int
    whole_low: int
    whole_high: int
    subset_clipped_share: float
    whole_clipped_share: float
    outside_share: float
    missed_share: float


@dataclass(frozen=True, slots=True)
class RangeReport:
    """How well the chosen samples' ranges stand for all samples'.

    Parameters
    ----------
    planes
        In the order of the features' last axis.
    subset_values, whole_values
        Values a plane among the chosen samples and among all.
    """

    planes: tuple[PlaneRanges, ...]
    subset_values: int
    whole_values: int

    @property
    def worst(self) -> PlaneRanges:
        """The plane of which the largest share lies outside the chosen samples' range."""
        return max(self.planes, key=lambda plane: (plane.outside_share, plane.missed_share))


class PlaneHistograms:
    """Counts of every value of every plane, gathered array by array.

    Parameters
    ----------
    planes
        Names of the planes: the last axis of the features.
    dtype
        int8, uint8, int16 or uint16.
    """

    def __init__(self, planes: Sequence[str], dtype: DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype not in _DTYPES:
            raise BadInput(
                f"cannot count values of type {self.dtype}",
                hint="give int8, uint8, int16 or uint16 features",
            )
        if not planes:
            raise BadInput("there is no plane to count", hint="name the features' last axis")
        self.planes = tuple(planes)
        limits = np.iinfo(self.dtype)
        self.lowest, self.highest = int(limits.min), int(limits.max)
        self.counts = np.zeros((len(self.planes), self.highest - self.lowest + 1), np.int64)

    def add(self, features: NDArray[Any]) -> None:
        """Count an array [..., planes] of this type.

        Raises
        ------
        BadInput
            When it has another type, or another number of planes.
        """
        if features.dtype != self.dtype or features.shape[-1:] != (len(self.planes),):
            raise BadInput(
                f"features of type {features.dtype} and shape {list(features.shape)} do not fit "
                f"{len(self.planes)} planes of {self.dtype}",
                hint="compare features that were made with one frontend setting",
            )
        rows = features.reshape(-1, len(self.planes))
        for plane in range(len(self.planes)):
            bins = rows[:, plane].astype(np.int64) - self.lowest
            self.counts[plane] += np.bincount(bins, minlength=self.counts.shape[1])

    @property
    def values(self) -> int:
        """How many values a plane were counted."""
        return int(self.counts[0].sum())

    def ends(self, plane: int) -> tuple[int, int]:
        """Return the smallest and largest value of a plane; there must be one."""
        present = np.flatnonzero(self.counts[plane])
        return int(present[0]) + self.lowest, int(present[-1]) + self.lowest

    def clipped_share(self, plane: int) -> float:
        """Return the share of a plane's values at either end of the type."""
        return int(self.counts[plane, 0] + self.counts[plane, -1]) / self.values

    def share_outside(self, plane: int, low: int, high: int) -> float:
        """Return the share of a plane's values below `low` or above `high`."""
        inside = int(self.counts[plane, low - self.lowest : high - self.lowest + 1].sum())
        return (self.values - inside) / self.values


def compare_ranges(
    features: Iterable[NDArray[Any]], chosen: Collection[int], *, planes: Sequence[str]
) -> RangeReport:
    """Compare the ranges of chosen samples with those of all, in one pass.

    Parameters
    ----------
    features
        Of every sample an array [..., planes], all of one type: int8, uint8, int16 or uint16.
    chosen
        Indices of the chosen samples in that order.
    planes
        Names of the last axis.

    Raises
    ------
    BadInput
        When there is no sample, none is chosen, an index is not there, or arrays do not fit.
    """
    wanted = set(chosen)
    whole: PlaneHistograms | None = None
    subset: PlaneHistograms | None = None
    seen = 0
    for index, sample in enumerate(features):
        if whole is None or subset is None:
            whole = PlaneHistograms(planes, sample.dtype)
            subset = PlaneHistograms(planes, sample.dtype)
        whole.add(sample)
        if index in wanted:
            subset.add(sample)
            seen += 1
    if whole is None or subset is None or whole.values == 0:
        raise BadInput("there are no features to compare", hint="check the corpus")
    if seen != len(wanted) or subset.values == 0:
        raise BadInput(
            f"{seen} of the {len(wanted)} chosen samples are there",
            hint="choose at least one, by indices of the samples compared with",
        )
    return range_report(subset, whole)


def range_report(subset: PlaneHistograms, whole: PlaneHistograms) -> RangeReport:
    """Compare two histograms of the same planes; both must hold values.

    Raises
    ------
    BadInput
        When they count other planes or types, or are empty.
    """
    if subset.planes != whole.planes or subset.dtype != whole.dtype:
        raise BadInput(
            f"cannot compare planes {subset.planes} of {subset.dtype} with "
            f"{whole.planes} of {whole.dtype}",
            hint="compare features that were made with one frontend setting",
        )
    if subset.values == 0 or whole.values == 0:
        raise BadInput("there are no features to compare", hint="check the corpus")
    return RangeReport(
        planes=tuple(_plane_ranges(subset, whole, plane) for plane in range(len(whole.planes))),
        subset_values=subset.values,
        whole_values=whole.values,
    )


def _plane_ranges(subset: PlaneHistograms, whole: PlaneHistograms, plane: int) -> PlaneRanges:
    low, high = subset.ends(plane)
    whole_low, whole_high = whole.ends(plane)
    span = whole_high - whole_low
    reached = min(high, whole_high) - max(low, whole_low)
    return PlaneRanges(
        plane=whole.planes[plane],
        subset_low=low,
        subset_high=high,
        whole_low=whole_low,
        whole_high=whole_high,
        subset_clipped_share=subset.clipped_share(plane),
        whole_clipped_share=whole.clipped_share(plane),
        outside_share=whole.share_outside(plane, low, high),
        missed_share=1.0 - max(0, reached) / span if span else 0.0,
    )
