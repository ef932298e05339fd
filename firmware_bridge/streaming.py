"""Decisions on a stream of samples, as the firmware takes them: the device's twin on the host.

Samples become frames, frames become int8 rows of the model's input. Once there are as many rows as
a window holds, and then after every few rows, the last window's rows go through the model. The
int8 logits of the last few inferences are summed; the decision is where the sum is largest, the
first of equals. How sure it is, is the softmax of the sums over a temperature (`Certainty`). All of
it is integers, so host and device agree exactly, and since only samples count, so does every way to
cut them into chunks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.certainty import UNKNOWN_SCALE, Certainty
from firmware_bridge.frontend import FrontendConfig, FrontendStream, quantise_features
from quantize.foundation.errors import BadInput

Infer = Callable[[NDArray[np.int8]], NDArray[np.int8]]
"""Windows, int8 ``[n, window frames, channels, planes]``, to logits, int8 ``[n, classes]``."""

_WINDOWS_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided at the end of one window.

    Parameters
    ----------
    number
        0 for the first decision of the stream, then 1, 2, ...
    end_frame
        Frames of the stream when it was taken.
    label
        Class whose sum is largest; the first of equals.
    logits
        The model's int8 output for this window, one a class.
    sums
        Sums of the logits of the last few windows, this one included, one a class.
    probability
        Of the label, in Q15.
    unsure
        Whether that is too little to answer.
    """

    number: int
    end_frame: int
    label: int
    logits: tuple[int, ...]
    sums: tuple[int, ...]
    probability: int
    unsure: bool


def decisions_after(frames: int, *, window_frames: int, hop_frames: int) -> int:
    """Return how many decisions a stream of `frames` frames has brought."""
    return 0 if frames < window_frames else 1 + (frames - window_frames) // hop_frames


class Smoother:
    """Sums the logits of the last few inferences and decides on the sums.

    Parameters
    ----------
    window_frames, hop_frames
        Frames of the first window, and from one window's end to the next one's.
    smoothing
        How many inferences a decision rests on; fewer at the start.
    certainty
        How its probability is computed, and when it is unsure.
    """

    __slots__ = ("_certainty", "_count", "_hop_frames", "_recent", "_window_frames")

    def __init__(
        self,
        *,
        window_frames: int,
        hop_frames: int,
        smoothing: int,
        certainty: Certainty = UNKNOWN_SCALE,
    ) -> None:
        for name, value in (
            ("window_frames", window_frames),
            ("hop_frames", hop_frames),
            ("smoothing", smoothing),
        ):
            if value < 1:
                raise BadInput(f"{name} is {value}", hint="it must be 1 or more")
        self._window_frames = window_frames
        self._hop_frames = hop_frames
        self._certainty = certainty
        self._recent: deque[NDArray[np.int32]] = deque(maxlen=smoothing)
        self._count = 0

    @property
    def count(self) -> int:
        """Decisions taken so far."""
        return self._count

    def decide(self, logits: NDArray[np.int8]) -> Decision:
        """Take the next inference's logits, int8 ``[classes]``."""
        self._recent.append(logits.astype(np.int32))
        sums = np.stack(self._recent).sum(axis=0, dtype=np.int32)
        label = int(np.argmax(sums))
        probability = int(self._certainty.probabilities(sums, len(self._recent))[label])
        decision = Decision(
            number=self._count,
            end_frame=self._window_frames + self._count * self._hop_frames,
            label=label,
            logits=tuple(int(value) for value in logits),
            sums=tuple(int(value) for value in sums),
            probability=probability,
            unsure=self._certainty.is_unsure(probability),
        )
        self._count += 1
        return decision

    def reset(self) -> None:
        """Begin a new stream."""
        self._recent.clear()
        self._count = 0


class StreamingClassifier:
    """Classifies a stream of samples that comes in chunks of any length.

    Parameters
    ----------
    config
        The frontend, with its normalisation.
    infer
        Runs the model on windows; whole batches of them when much comes at once.
    window_frames
        Frames that the model takes.
    hop_frames
        Frames from one inference to the next.
    smoothing
        Inferences that a decision rests on.
    certainty
        How its probability is computed, and when it is unsure.

    Raises
    ------
    BadInput
        When the frontend has no normalisation or a number is less than 1.
    """

    def __init__(
        self,
        config: FrontendConfig,
        infer: Infer,
        *,
        window_frames: int,
        hop_frames: int,
        smoothing: int,
        certainty: Certainty = UNKNOWN_SCALE,
    ) -> None:
        if config.normalisation is None:
            raise BadInput(
                "the frontend has no normalisation, so it gives no input for a model",
                hint="use the frontend of a trained model",
            )
        self._smoother = Smoother(
            window_frames=window_frames,
            hop_frames=hop_frames,
            smoothing=smoothing,
            certainty=certainty,
        )
        self._config = config
        self._infer = infer
        self._window_frames = window_frames
        self._hop_frames = hop_frames
        self._stream = FrontendStream(config)
        self.reset()

    @property
    def frames(self) -> int:
        """Frames completed so far."""
        return self._frames

    def reset(self) -> None:
        """Begin a new stream: forget samples, rows and decisions."""
        self._stream.reset()
        self._smoother.reset()
        self._frames = 0
        self._rows = self._no_rows()

    def push(self, samples: NDArray[np.int16]) -> tuple[Decision, ...]:
        """Take the next samples, int16 ``[count]``; return the decisions that they bring.

        Raises
        ------
        BadInput
            When the samples are not one-dimensional int16, or the model's answer does not fit.
        """
        fresh = quantise_features(self._stream.push(samples), self._config)
        first = self._frames - len(self._rows)
        self._frames += len(fresh)
        self._rows = np.concatenate((self._rows, fresh))
        due = decisions_after(
            self._frames, window_frames=self._window_frames, hop_frames=self._hop_frames
        )
        decisions: list[Decision] = []
        while (begin := self._smoother.count) < due:
            end = min(due, begin + _WINDOWS_AT_ONCE)
            starts = [number * self._hop_frames - first for number in range(begin, end)]
            windows = np.stack([self._rows[at : at + self._window_frames] for at in starts])
            decisions += map(self._smoother.decide, self._logits(windows))
        next_needed = self._smoother.count * self._hop_frames - first
        self._rows = self._rows[next_needed:].copy()
        return tuple(decisions)

    def _logits(self, windows: NDArray[np.int8]) -> NDArray[np.int8]:
        logits = np.asarray(self._infer(windows))
        if logits.dtype != np.int8 or logits.ndim != 2 or len(logits) != len(windows):
            raise BadInput(
                f"the model answered {len(windows)} windows with {logits.dtype} of shape "
                f"{logits.shape}",
                hint="it must give one row of int8 logits a window",
            )
        return logits

    def _no_rows(self) -> NDArray[np.int8]:
        return np.empty((0, self._config.channels, len(self._config.planes)), np.int8)
