"""The side of openSMILE: a function that runs in a child process, since native code can crash."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.baseline.licence import INSTALL
from quantize.foundation.errors import ToolMissing

_FULL_SCALE = 32768.0
_SHORTEST = 1600
"""Samples below which nothing is described: openSMILE's windows are up to 60 ms long."""


def compute(
    arrays: dict[str, NDArray[Any]], options: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Compute the functionals of clips.

    Parameters
    ----------
    arrays
        ``samples``, int16: the clips one after the other; ``lengths``, int64 ``[clips]``.
    options
        ``set``: the functionals' name; ``sample_rate`` in Hz.

    Returns
    -------
    arrays, values
        ``functionals``, float32 ``[clips, features]``, all NaN where a clip is too short; nothing.
    """
    smile = _smile(str(options["set"]))
    ends = np.cumsum(arrays["lengths"])
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of clips that are too short: their row says it
        for clip in np.split(arrays["samples"], ends[:-1]):
            # openSMILE's package multiplies by 32768 and truncates: exact for what was int16
            signal = clip.astype(np.float32) / np.float32(_FULL_SCALE)
            row = smile(signal, int(options["sample_rate"]))
            rows.append(np.asarray(row, np.float32).reshape(-1))
    return {"functionals": np.stack(rows)}, {}


def describe(
    arrays: dict[str, NDArray[Any]], options: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Compute low-level descriptors of clips, a row every 10 ms.

    Parameters
    ----------
    arrays
        As of `compute`.
    options
        ``set`` and ``sample_rate`` as of `compute`; ``names``: which descriptors.

    Returns
    -------
    arrays, values
        ``rows``, float32 ``[rows of all clips, names]``; ``counts``, int64 ``[clips]``: rows of
        each, 0 where a clip is too short; nothing.
    """
    smile = _smile(str(options["set"]), level="LowLevelDescriptors")
    columns = [smile.feature_names.index(name) for name in options["names"]]
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for clip in np.split(arrays["samples"], np.cumsum(arrays["lengths"])[:-1]):
            if len(clip) < _SHORTEST:
                rows.append(np.zeros((0, len(columns)), np.float32))
                continue
            signal = clip.astype(np.float32) / np.float32(_FULL_SCALE)
            found = np.asarray(smile(signal, int(options["sample_rate"])), np.float32)[0]
            kept = found[columns].T
            rows.append(kept[np.isfinite(kept).all(axis=1)])
    counts = np.array([len(of_clip) for of_clip in rows], np.int64)
    return {"rows": np.concatenate(rows), "counts": counts}, {}


def _smile(name: str, *, level: str = "Functionals") -> Any:
    try:
        import opensmile
    except (ImportError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ToolMissing(f"openSMILE cannot be loaded: {reason}", hint=INSTALL) from error
    return opensmile.Smile(
        feature_set=getattr(opensmile.FeatureSet, name),
        feature_level=getattr(opensmile.FeatureLevel, level),
    )
