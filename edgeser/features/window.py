"""Features of a clip of any length to the fixed window that the network sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True)
class WindowConfig:
    """The stretch of features that one inference sees.

    Parameters
    ----------
    frames
        Frames in the window.
    hop_frames
        Frames from one window to the next when a clip is longer.
    """

    frames: int = 150
    hop_frames: int = 50

    def __post_init__(self) -> None:
        if not 1 <= self.hop_frames <= self.frames <= 4096:
            raise BadInput(
                f"a window of {self.frames} frames every {self.hop_frames} cannot be used",
                hint="choose 1 <= hop_frames <= frames <= 4096",
            )


def fit_window(features: NDArray[np.int8], frames: int) -> NDArray[np.int8]:
    """Cut or pad quantised features to `frames`, keeping the middle.

    Padding is 0, the training mean of each plane and channel.

    Parameters
    ----------
    features
        int8, frames x channels x planes.
    frames
        Frames wanted.

    Returns
    -------
    int8, `frames` x channels x planes.
    """
    have = features.shape[0]
    if have >= frames:
        start = (have - frames) // 2
        return features[start : start + frames]
    window = np.zeros((frames, *features.shape[1:]), np.int8)
    start = (frames - have) // 2
    window[start : start + have] = features
    return window
