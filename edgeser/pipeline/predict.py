"""Labels of single recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora.sound import says_nothing
from edgeser.evaluation.concordance import DIMENSIONS
from edgeser.features import WindowConfig, fit_window, hear
from edgeser.pipeline.inference import bundle_outputs, softmax
from edgeser.progress import SILENT, Reporter
from firmware_bridge.frontend import quantise_features


@dataclass(frozen=True, slots=True)
class ClipLabel:
    """What a model says of one recording, or why it cannot be read.

    Parameters
    ----------
    path
        The recording.
    probabilities
        Softmax over the mean logits of its windows, by label; empty where there is a problem.
    windows
        Windows that the recording was cut into.
    problem
        Why it cannot be read: one line, or empty.
    no_label
        Why it was read but says nothing: it is silent, or its channels cancel; or empty.
    remarks
        What is odd about its sound, one line each.
    vad
        Valence, arousal and dominance, each about -1 to 1: means over its windows; `None` without a
        head for them.
    """

    path: Path
    probabilities: dict[str, float]
    windows: int
    problem: str
    no_label: str = ""
    remarks: tuple[str, ...] = ()
    vad: dict[str, float] | None = None

    @property
    def label(self) -> str:
        """The label of the highest probability, or an empty string."""
        return max(self.probabilities, key=self.probabilities.__getitem__, default="")

    def to_json(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        return {
            "path": str(self.path),
            "label": self.label,
            "probabilities": self.probabilities,
            **({} if self.vad is None else {"vad": self.vad}),
            "windows": self.windows,
            "problem": self.problem,
            "no_label": self.no_label,
            "remarks": list(self.remarks),
        }


def predict_files(
    bundle: Bundle,
    paths: Sequence[Path],
    *,
    use_float: bool = False,
    reporter: Reporter = SILENT,
) -> tuple[ClipLabel, ...]:
    """Label recordings; one that cannot be read has its reason in `problem`.

    A recording longer than the window is cut into windows every `hop_frames`, whose logits are
    averaged; a shorter one is repeated.
    """
    trained = bundle.trained
    # Where silence may be a class, or a machine hums, it is labelled like any other sound.
    unlabelled = (lambda remarks: "") if trained.corpus.words.silence_has_label else says_nothing
    results = hear(paths, trained.frontend, progress=reporter.stage("Computing features"))
    windows = [
        None
        if result.features is None or unlabelled(result.remarks)
        else sliding_windows(
            quantise_features(result.features, trained.frontend), trained.recipe.window
        )
        for result in results
    ]
    stacked = [w for w in windows if w is not None]
    logits, *further = (
        bundle_outputs(bundle, np.concatenate(stacked), use_float=use_float)
        if stacked
        else (np.zeros((0, len(trained.classes)), np.float32),)
    )
    labels, start = [], 0
    for result, clip_windows in zip(results, windows, strict=True):
        lines = tuple(remark.detail for remark in result.remarks)
        if clip_windows is None:
            silence = "" if result.problem else unlabelled(result.remarks)
            labels.append(ClipLabel(result.path, {}, 0, result.problem, silence, lines))
            continue
        stop = start + len(clip_windows)
        shares = softmax(logits[start:stop].mean(axis=0))
        named = dict(zip(trained.classes, map(float, shares), strict=True))
        vad = vad_named(further[0][start:stop].mean(axis=0)) if further else None
        labels.append(ClipLabel(result.path, named, len(clip_windows), "", remarks=lines, vad=vad))
        start = stop
    return tuple(labels)


def vad_named(values: NDArray[np.floating]) -> dict[str, float]:
    """Return valence, arousal and dominance by their names."""
    return dict(zip(DIMENSIONS, map(float, values), strict=True))


def sliding_windows(features: NDArray[np.int8], window: WindowConfig) -> NDArray[np.int8]:
    """Return int8 windows, windows x frames x channels x planes; at least one.

    The last window ends with the clip, so that no frame is left out.
    """
    have = features.shape[0]
    if have <= window.frames:
        return fit_window(features, window.frames)[None]
    starts = [*range(0, have - window.frames, window.hop_frames), have - window.frames]
    return np.stack([features[start : start + window.frames] for start in starts])
