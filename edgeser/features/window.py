"""Features of a clip of any length to the fixed window that the network sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class WindowConfig:
    """The stretch of features that one inference sees.

    Parameters
    ----------
    frames
        Frames in the window.
    hop_frames
        Frames from one window to the next, in a clip that is longer and in a stream.
    smoothing
        Windows whose logits are summed for a decision on a stream.
    """

    frames: int = 150
    hop_frames: int = 50
    smoothing: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.hop_frames <= self.frames <= 4096:
            raise BadInput(
                f"a window of {self.frames} frames every {self.hop_frames} cannot be used",
                hint="choose 1 <= hop_frames <= frames <= 4096",
            )
        if not 1 <= self.smoothing <= 64:
            raise BadInput(
                f"decisions over {self.smoothing} windows cannot be made",
                hint="choose 1 <= smoothing <= 64",
            )


def fit_window(features: NDArray[T], frames: int) -> NDArray[T]:
    """Bring quantised features to `frames`: the middle of a longer clip, a shorter one repeated.

    On a device the window is always full of sound. A clip padded with silence would be something
    that it never hears, and would tell the network the recording's level.

    Parameters
    ----------
    features
        int8, frames x channels x planes (or what else has frames first); at least one frame.
    frames
        Frames wanted.

    Returns
    -------
    int8, `frames` x channels x planes; a shorter clip's own frames are in the middle.
    """
    have = features.shape[0]
    start = (have - frames) // 2
    if have >= frames:
        return features[start : start + frames]
    return np.take(features, np.arange(start, start + frames), axis=0, mode="wrap")
