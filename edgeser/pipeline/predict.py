"""Labels of single recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora.audio.sound import says_nothing
from edgeser.evaluation.concordance import DIMENSIONS
from edgeser.features import WindowConfig, fit_window, hear
from edgeser.pipeline.decide import certainty_of
from edgeser.pipeline.inference import float_outputs, output_grids
from edgeser.pipeline.int8_inference import int8_outputs
from edgeser.progress import SILENT, Reporter
from edgeser.wording import silence_has_label
from firmware_bridge.frontend import quantise_features

T = TypeVar("T", bound=np.generic)


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
    unsure: bool = False
    answer: str = ""
    vad: dict[str, float] | None = None

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
    labelled = silence_has_label(trained.corpus.words, trained.classes)
    unlabelled = (lambda remarks: "") if labelled else says_nothing
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
    answers = iter(_answers(bundle, stacked, use_float=use_float))
    labels = []
    for result, clip_windows in zip(results, windows, strict=True):
        lines = tuple(remark.detail for remark in result.remarks)
        if clip_windows is None:
            silence = "" if result.problem else unlabelled(result.remarks)
            labels.append(ClipLabel(result.path, {}, 0, result.problem, silence, lines))
            continue
        answer, shares, vad = next(answers)
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
                vad=vad,
            )
        )
    return tuple(labels)


def vad_named(values: NDArray[np.floating]) -> dict[str, float]:
    """Return valence, arousal and dominance by their names."""
    return dict(zip(DIMENSIONS, map(float, values), strict=True))


_Answer = tuple[int, NDArray[np.float64], dict[str, float] | None]


def _answers(
    bundle: Bundle, clips: Sequence[NDArray[np.int8]], *, use_float: bool
) -> list[_Answer]:
    """Return each clip's answer, its probabilities, float64 [classes], and its further values.

    Of the int8 model they are what a device says that sums the outputs of all these windows.
    """
    if not clips:
        return []
    features, ends = np.concatenate(clips), np.cumsum([len(clip) for clip in clips])[:-1]
    if use_float:
        logits, *further = float_outputs(bundle.trained, features)
        means = [of_clip.mean(axis=0) for of_clip in np.split(logits, ends)]
        found = [(int(mean.argmax()), bundle.rule.of_float(mean)) for mean in means]
    else:
        steps, *further_steps = int8_outputs(bundle.int8_model, features)
        _, *grids = output_grids(bundle.int8_model)
        further = [
            grid.dequantise(values) for grid, values in zip(grids, further_steps, strict=True)
        ]
        certainty, found = certainty_of(bundle), []
        for of_clip in np.split(steps, ends):
            sums = of_clip.sum(axis=0, dtype=np.int64)
            found.append((int(sums.argmax()), certainty.shares(sums, len(of_clip))))
    return [(*answer, vad) for answer, vad in zip(found, _vad_of(further, ends), strict=True)]


def _vad_of(
    further: Sequence[NDArray[np.float32]], ends: NDArray[np.integer]
) -> list[dict[str, float] | None]:
    """Return the means over each clip's windows of what a second output says."""
    if not further:
        return [None] * (len(ends) + 1)
    return [vad_named(values.mean(axis=0)) for values in np.split(further[0], ends)]


def sliding_windows(features: NDArray[T], window: WindowConfig) -> NDArray[T]:
    """Return int8 windows, windows x frames x channels x planes; at least one.

    The last window ends with the clip, so that no frame is left out.
    """
    have = features.shape[0]
    if have <= window.frames:
        return fit_window(features, window.frames)[None]
    starts = [*range(0, have - window.frames, window.hop_frames), have - window.frames]
    return np.stack([features[start : start + window.frames] for start in starts])
