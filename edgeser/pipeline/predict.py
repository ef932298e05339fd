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
from edgeser.features import WindowConfig, fit_window, hear
from edgeser.pipeline.decide import certainty_of
from edgeser.pipeline.inference import float_logits, int8_logits
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
        Softmax over the mean logits of its windows, over the temperature, by label; empty where
        there is a problem. Of int8 logits the label's is the device's, in steps of 1/32768.
    windows
        Windows that the recording was cut into.
    problem
        Why it cannot be read: one line, or empty.
    no_label
        Why it was read but says nothing: it is silent, or its channels cancel; or empty.
    remarks
        What is odd about its sound, one line each.
    unsure
        Whether the highest probability is too little to answer.
    answer
        The label that the device gives, where two have the same highest probability in its steps.
    """

    path: Path
    probabilities: dict[str, float]
    windows: int
    problem: str
    no_label: str = ""
    remarks: tuple[str, ...] = ()
    unsure: bool = False
    answer: str = ""

    @property
    def label(self) -> str:
        """The label of the highest probability, or an empty string."""
        likeliest = max(self.probabilities, key=self.probabilities.__getitem__, default="")
        return self.answer or likeliest

    def to_json(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        return {
            "path": str(self.path),
            "label": self.label,
            "probabilities": self.probabilities,
            "probability": self.probabilities.get(self.label),
            "unsure": self.unsure,
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
    answers = iter(_shares(bundle, stacked, use_float=use_float))
    labels = []
    for result, clip_windows in zip(results, windows, strict=True):
        lines = tuple(remark.detail for remark in result.remarks)
        if clip_windows is None:
            silence = "" if result.problem else unlabelled(result.remarks)
            labels.append(ClipLabel(result.path, {}, 0, result.problem, silence, lines))
            continue
        answer, shares = next(answers)
        named = dict(zip(trained.classes, map(float, shares), strict=True))
        unsure = bool(shares.max() < bundle.rule.threshold)
        labels.append(
            ClipLabel(
                result.path,
                named,
                len(clip_windows),
                "",
                remarks=lines,
                unsure=unsure,
                answer=trained.classes[answer],
            )
        )
    return tuple(labels)


def _shares(
    bundle: Bundle, clips: Sequence[NDArray[np.int8]], *, use_float: bool
) -> list[tuple[int, NDArray[np.float64]]]:
    """Return each clip's answer and its probabilities, float64 [classes], from its windows.

    Of the int8 model they are what a device says that sums the logits of all these windows.
    """
    if not clips:
        return []
    features, ends = np.concatenate(clips), np.cumsum([len(clip) for clip in clips])[:-1]
    if use_float:
        by_clip = np.split(float_logits(bundle.trained, features), ends)
        means = [logits.mean(axis=0) for logits in by_clip]
        return [(int(mean.argmax()), bundle.rule.of_float(mean)) for mean in means]
    certainty, found = certainty_of(bundle), []
    for logits in np.split(int8_logits(bundle.int8_model, features), ends):
        sums = logits.sum(axis=0, dtype=np.int64)
        found.append((int(sums.argmax()), certainty.shares(sums, len(logits))))
    return found


def sliding_windows(features: NDArray[np.int8], window: WindowConfig) -> NDArray[np.int8]:
    """Return int8 windows, windows x frames x channels x planes; at least one.

    The last window ends with the clip, so that no frame is left out.
    """
    have = features.shape[0]
    if have <= window.frames:
        return fit_window(features, window.frames)[None]
    starts = [*range(0, have - window.frames, window.hop_frames), have - window.frames]
    return np.stack([features[start : start + window.frames] for start in starts])
