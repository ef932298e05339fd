"""A clip as the int8 model hears it: its features, and the windows that it is cut into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.decision.temperature import softmax

Run = Callable[[NDArray[np.int8]], NDArray[np.int8]]
"""A model: int8 windows ``[n, frames, channels, planes]`` to int8 logits ``[n, classes]``."""


@dataclass(frozen=True, slots=True, eq=False)
class HeardClip:
    """A clip of any length, and where its frames are in the windows.

    A short clip is repeated to fill its window, a long one is cut into windows that overlap: a
    frame may be in several places, and is occluded in all of them.

    Parameters
    ----------
    features
        int8 ``[frames, channels, planes]``, as the model sees them.
    index
        int64 ``[windows, frames of a window]``: which frame of the clip is there.
    """

    features: NDArray[np.int8]
    index: NDArray[np.int64]

    @property
    def windows(self) -> NDArray[np.int8]:
        """The windows as they are, int8 ``[windows, frames, channels, planes]``."""
        return np.asarray(self.features[self.index], np.int8)

    def of(self, features: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return the windows of changed features, int8 ``[windows, frames, channels, planes]``."""
        return np.asarray(features[self.index], np.int8)

    def touched(self, first: int, count: int) -> NDArray[np.int64]:
        """Return the windows that hold any of `count` frames from `first` on."""
        inside = (self.index >= first) & (self.index < first + count)
        return np.flatnonzero(inside.any(axis=1))


@dataclass(frozen=True, slots=True)
class Scorer:
    """How strongly a label is decided, of sums of int8 logits over the windows of a clip.

    Parameters
    ----------
    label
        The class that is looked at.
    step
        What one step of a logit stands for, over the temperature.
    windows
        Windows of the clip.
    """

    label: int
    step: float
    windows: int

    def probabilities(self, sums: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return float64 ``[n, classes]`` of sums ``[n, classes]``."""
        return softmax(np.asarray(sums, np.float64) * (self.step / self.windows), 1.0)

    def log_odds(self, sums: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return the natural logarithm of the label's odds, float64 ``[n]``.

        Unlike a probability it does not flatten out where the model is sure.
        """
        logits = np.asarray(sums, np.float64) * (self.step / self.windows)
        others = np.delete(logits, self.label, axis=1)
        most = others.max(axis=1)
        rest = most + np.log(np.exp(others - most[:, None]).sum(axis=1))
        return np.asarray(logits[:, self.label] - rest)
