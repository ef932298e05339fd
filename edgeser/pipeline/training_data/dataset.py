"""A corpus to what the network sees: features, normalised by the training speakers, in windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora import Utterance
from edgeser.features import FeatureCache, Variant, extract_features, fit_window
from edgeser.progress import SILENT, Reporter
from edgeser.wording import Wording
from firmware_bridge.frontend import (
    FrontendConfig,
    FrontendFeatures,
    quantise_features,
    standardised,
)
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable


@dataclass(frozen=True, slots=True, eq=False)
class ClipSet:
    """Clips with their features as the network's int8 input.

    Parameters
    ----------
    utterances
        The clips, in order.
    features
        int8, clips x frames x channels x planes.
    """

    utterances: tuple[Utterance, ...]
    features: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.utterances)

    def select(self, keep: Sequence[int]) -> ClipSet:
        """Return the clips at the given positions."""
        chosen = tuple(self.utterances[i] for i in keep)
        return ClipSet(chosen, self.features[np.asarray(keep, np.int64)])


@dataclass(frozen=True, slots=True)
class RawClips:
    """Clips with raw features, and one line for each that has none."""

    utterances: tuple[Utterance, ...]
    features: tuple[FrontendFeatures, ...]
    problems: tuple[str, ...]


def raw_features(
    utterances: Sequence[Utterance],
    config: FrontendConfig,
    *,
    title: str,
    variant: Variant | None = None,
    cache: FeatureCache | None = None,
    reporter: Reporter = SILENT,
) -> RawClips:
    """Compute raw features; a file that cannot be read is named and left out."""
    paths = [utterance.sound for utterance in utterances]
    results = extract_features(
        paths, config, variant=variant, cache=cache, progress=reporter.stage(title)
    )
    kept, features, problems = [], [], []
    for utterance, result in zip(utterances, results, strict=True):
        if result.features is None:
            problems.append(result.problem)
        else:
            kept.append(utterance)
            features.append(result.features)
    for problem in few(problems):
        reporter.note(f"left out: {problem}")
    return RawClips(tuple(kept), tuple(features), tuple(problems))


def few(lines: Sequence[str], most: int = 10) -> list[str]:
    """Return the first lines, and one that says how many more there are."""
    more = [f"{len(lines) - most:,} more clips that cannot be read"] if len(lines) > most else []
    return [*lines[:most], *more]


def normalised_frontend(
    config: FrontendConfig,
    features: Sequence[FrontendFeatures],
    corpora: Sequence[str] | None = None,
) -> FrontendConfig:
    """Return `config` with the normalisation of these clips: training speakers, all conditions.

    Mean and standard deviation per plane and channel, over all frames of all clips of a corpus;
    each corpus counts alike, since a device does not know where it stands.

    Parameters
    ----------
    config
        The frontend.
    features
        Of the clips.
    corpora
        The corpus of each; `None` where all are of one.

    Raises
    ------
    BadInput
        When there are no clips.
    """
    if not features:
        raise BadInput("no clip of the training speakers can be read", hint="check the corpus")
    names = [""] * len(features) if corpora is None else corpora
    shape = (len(config.planes), config.channels)
    sums = {name: _Moments(np.zeros(shape), np.zeros(shape)) for name in sorted(set(names))}
    for name, item in zip(names, features, strict=True):
        sums[name].add(item)
    mean = np.mean([s.total / s.count for s in sums.values()], axis=0)
    square = np.mean([s.squares / s.count for s in sums.values()], axis=0)
    deviation = np.sqrt(np.maximum(square - mean * mean, 0.0))
    return standardised(config, mean, deviation)


@dataclass(slots=True, eq=False)
class _Moments:
    """Sums over frames, each float64 [planes, channels]."""

    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    count: int = 0

    def add(self, item: FrontendFeatures) -> None:
        raw = np.concatenate(
            [item.amplitude[:, :, None].astype(np.float64), item.phase], axis=2
        ).transpose(0, 2, 1)
        self.total += raw.sum(axis=0)
        self.squares += (raw * raw).sum(axis=0)
        self.count += raw.shape[0]


def windows_of(
    features: Sequence[FrontendFeatures], config: FrontendConfig, frames: int
) -> NDArray[np.int8]:
    """Return int8 windows, clips x frames x channels x planes."""
    out = np.zeros((len(features), frames, config.channels, len(config.planes)), np.int8)
    for index, item in enumerate(features):
        out[index] = fit_window(quantise_features(item, config), frames)
    return out


def labels_of(
    utterances: Sequence[Utterance], classes: Sequence[str], words: Wording
) -> NDArray[np.int64]:
    """Return class indices, int64 [clips]; `words` say what a label is called.

    Raises
    ------
    BadInput
        When a label is not among `classes`.
    """
    index = {name: position for position, name in enumerate(classes)}
    unknown = sorted({u.emotion for u in utterances} - set(index))
    if unknown:
        raise BadInput(
            f"the corpus has the {words.one} '{printable(unknown[0])}', which the model does not "
            "know",
            hint=f"the model knows {', '.join(map(printable, classes))}",
        )
    return np.array([index[u.emotion] for u in utterances], np.int64)


def votes_of(utterances: Sequence[Utterance], classes: Sequence[str]) -> NDArray[np.float32] | None:
    """Return the shares of listeners, float32 [clips, classes], rows summing to 1.

    Votes for what is no class are left out; a row is 0 where none is left. `None` where nobody
    voted on any clip.
    """
    if all(utterance.votes is None for utterance in utterances):
        return None
    shares = np.zeros((len(utterances), len(classes)), np.float32)
    for row, utterance in enumerate(utterances):
        for emotion, share in utterance.votes or ():
            if emotion in classes:
                shares[row, classes.index(emotion)] = share
    totals = shares.sum(axis=1, keepdims=True)
    return np.asarray(shares / np.where(totals > 0, totals, 1), np.float32)
