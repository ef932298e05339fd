"""Low-level descriptors of clips by openSMILE, in child processes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.baseline.licence import require_extra
from edgeser.baseline.opensmile_child import describe
from edgeser.explanation.cues import CUES
from edgeser.progress import Progress
from quantize.foundation.child import ChildCrashed, call_in_child
from quantize.foundation.extras import extra

INSTALL = extra("explain").install
_SAMPLES_A_CHILD = 300 * 16000
_PATIENCE_S = 600.0
"""On a computer that was short of memory three minutes of sound took more than five."""


def require_opensmile() -> str:
    """Return openSMILE's version.

    Raises
    ------
    ToolMissing
        When it is not installed.
    """
    return require_extra("opensmile", install=INSTALL)


def descriptors_of(
    clips: Sequence[NDArray[np.int16]], *, sample_rate: int, progress: Progress | None = None
) -> list[NDArray[np.float32]]:
    """Return the cues of clips, float32 ``[rows, cues]`` each, a row every 10 ms.

    A clip that is too short, or on which openSMILE crashes, has no rows.

    Raises
    ------
    ToolMissing
        When openSMILE is not installed, or cannot be loaded.
    """
    require_opensmile()
    found: list[NDArray[np.float32]] = []
    first = 0
    while first < len(clips):
        last, samples = first, 0
        while last < len(clips) and (last == first or samples < _SAMPLES_A_CHILD):
            samples += len(clips[last])
            last += 1
        found += _described(clips[first:last], sample_rate)
        first = last
        if progress is not None:
            progress(first, len(clips))
    return found


def _described(clips: Sequence[NDArray[np.int16]], sample_rate: int) -> list[NDArray[np.float32]]:
    """Return the rows of some clips; halves are tried where a child crashes, to find the clip."""
    lengths = np.array([len(clip) for clip in clips], np.int64)
    options = {
        "set": "eGeMAPSv02",
        "sample_rate": sample_rate,
        "names": [cue.descriptor for cue in CUES],
    }
    try:
        done = call_in_child(
            describe,
            {"samples": np.concatenate(clips), "lengths": lengths},
            options,
            what="computing low-level descriptors by openSMILE",
            timeout_s=_PATIENCE_S + 4.0 * int(lengths.sum()) / sample_rate,
        )
    except ChildCrashed:
        if len(clips) == 1:
            return [np.zeros((0, len(CUES)), np.float32)]
        middle = len(clips) // 2
        return [
            *_described(clips[:middle], sample_rate),
            *_described(clips[middle:], sample_rate),
        ]
    rows = done.arrays["rows"].astype(np.float32)
    return np.split(rows, np.cumsum(done.arrays["counts"])[:-1])
