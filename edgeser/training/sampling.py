"""How often each clip is drawn, and in which order: every batch has its share of each corpus."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.training.config import SamplingConfig
from edgeser.training.data import LabelledFeatures


def draws_of(
    clips: LabelledFeatures, config: SamplingConfig, weights: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return how often each clip is drawn in an epoch, on average: float64 [clips], of mean 1.

    With exponents a, b, c of corpus, label and speaker, a clip is drawn in proportion to
    ``weight * corpus**-a * label**-b * speaker**-c``, of the numbers of clips of its corpus, of its
    label in that corpus, and of its speaker with that label.

    Parameters
    ----------
    clips
        What is trained on.
    config
        The exponents.
    weights
        Of each corpus; 1 where it has none.
    """
    corpora = clips.corpora or ("",) * len(clips)
    labels = list(zip(corpora, clips.labels.tolist(), strict=True))
    speakers = list(zip(labels, clips.speakers, strict=True))
    weight = np.array([weights.get(name, 1.0) for name in corpora])
    share = weight * _within(corpora, [""] * len(clips), config.corpus)
    share *= _within(labels, corpora, config.label)
    share *= _within(speakers, labels, config.speaker)
    return np.asarray(share / share.mean())


def drawn_order(
    draws: NDArray[np.float64], strata: Sequence[Hashable], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the clips of one epoch in order, int64 [clips]: as many as there are, some twice.

    Each clip is drawn ``draws`` times, rounded up or down by chance (systematic sampling, so that
    the draws of a stratum are right to one). The clips of a stratum are spread evenly over the
    epoch: every batch has its share of each.

    Parameters
    ----------
    draws
        float64 [clips], of mean 1 (`draws_of`).
    strata
        Of each clip: its corpus and label.
    rng
        The only source of chance.
    """
    _, stratum = _counted(strata)
    by_stratum = np.lexsort((rng.random(len(draws)), stratum))
    ends = np.cumsum(draws[by_stratum])
    points = (np.arange(len(draws)) + rng.random()) * (ends[-1] / len(draws))
    chosen = by_stratum[np.minimum(np.searchsorted(ends, points), len(draws) - 1)]
    return np.asarray(chosen[np.argsort(_evenly(stratum[chosen], rng), kind="stable")])


def strata_of(clips: LabelledFeatures) -> list[tuple[str, int]]:
    """Return corpus and label of each clip."""
    corpora = clips.corpora or ("",) * len(clips)
    return list(zip(corpora, clips.labels.tolist(), strict=True))


def labels_present(clips: LabelledFeatures, classes: int) -> NDArray[np.bool_]:
    """Return which labels the corpus of each clip has at all, bool [clips, classes]."""
    corpora, corpus = _counted(clips.corpora or ("",) * len(clips))
    present = np.zeros((len(corpora), classes), np.bool_)
    present[corpus, clips.labels] = True
    return present[corpus]


def _counted(groups: Sequence[Hashable]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the size of each group, and the number of each item's group."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    index = np.array([numbers[group] for group in groups], np.int64)
    return np.bincount(index, minlength=len(numbers)), index


def _within(
    groups: Sequence[Hashable], parents: Sequence[Hashable], exponent: float
) -> NDArray[np.float64]:
    """Return the factors that balance groups within their parents, of mean 1 in each parent."""
    sizes, group = _counted(groups)
    factor = sizes[group].astype(np.float64) ** -exponent
    members, parent = _counted(parents)
    mean = np.bincount(parent, weights=factor) / members
    return np.asarray(factor / mean[parent])


def _evenly(stratum: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a place from 0 to 1 for each draw: those of a stratum are as far apart as can be."""
    order = np.lexsort((rng.random(len(stratum)), stratum))
    sizes = np.bincount(stratum)
    firsts = np.cumsum(sizes) - sizes
    place = np.empty(len(stratum))
    rank = np.arange(len(stratum)) - firsts[stratum[order]]
    place[order] = (rank + rng.random(len(stratum))) / sizes[stratum[order]]
    return place
