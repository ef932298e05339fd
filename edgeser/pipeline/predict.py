"""Labels of single recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora import read_audio
from edgeser.features import WindowConfig, extract_features, fit_window
from edgeser.pipeline.inference import bundle_logits, int8_logits, softmax
from edgeser.progress import SILENT, Reporter
from firmware_bridge.frontend import quantise_features
from firmware_bridge.streaming import Decision, StreamingClassifier
from quantize.foundation.errors import EdgeserError


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
        One line, or empty.
    """

    path: Path
    probabilities: dict[str, float]
    windows: int
    problem: str

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
            "windows": self.windows,
            "problem": self.problem,
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
    results = extract_features(
        paths, trained.frontend, progress=reporter.stage("Computing features")
    )
    windows = [
        None
        if result.features is None
        else sliding_windows(
            quantise_features(result.features, trained.frontend), trained.recipe.window
        )
        for result in results
    ]
    stacked = [w for w in windows if w is not None]
    logits = (
        bundle_logits(bundle, np.concatenate(stacked), use_float=use_float)
        if stacked
        else np.zeros((0, len(trained.classes)), np.float32)
    )
    labels, start = [], 0
    for result, clip_windows in zip(results, windows, strict=True):
        if clip_windows is None:
            labels.append(ClipLabel(result.path, {}, 0, result.problem))
            continue
        stop = start + len(clip_windows)
        shares = softmax(logits[start:stop].mean(axis=0))
        named = dict(zip(trained.classes, map(float, shares), strict=True))
        labels.append(ClipLabel(result.path, named, len(clip_windows), ""))
        start = stop
    return tuple(labels)


@dataclass(frozen=True, slots=True)
class StreamDecision:
    """What a stream was taken for at one time.

    Parameters
    ----------
    seconds
        From the start of the recording to the end of the window's last frame.
    label
        The emotion.
    sums
        Sum of the int8 logits over the last few windows, by label.
    """

    seconds: float
    label: str
    sums: dict[str, int]


@dataclass(frozen=True, slots=True)
class StreamLabels:
    """All decisions on one recording, or why it cannot be read: one line in `problem`."""

    path: Path
    decisions: tuple[StreamDecision, ...]
    problem: str

    def to_json(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        return {
            "path": str(self.path),
            "decisions": [asdict(decision) for decision in self.decisions],
            "problem": self.problem,
        }


def stream_files(
    bundle: Bundle, paths: Sequence[Path], *, reporter: Reporter = SILENT
) -> tuple[StreamLabels, ...]:
    """Decide on recordings as a device does that hears them: once a window, then once a hop.

    The decisions are those of the firmware, bit for bit.
    """
    progress = reporter.stage("Listening")
    found = []
    for done, path in enumerate(paths, 1):
        try:
            samples = read_audio(path, sample_rate=bundle.trained.frontend.sample_rate)
        except EdgeserError as error:
            found.append(StreamLabels(path, (), str(error)))
            continue
        finally:
            progress(done, len(paths))
        decisions = streaming_classifier(bundle).push(samples)
        found.append(StreamLabels(path, tuple(_named(bundle, d) for d in decisions), ""))
    return tuple(found)


def streaming_classifier(bundle: Bundle) -> StreamingClassifier:
    """Return the host's twin of the bundle's firmware; its int8 model runs in TFLite-Micro."""
    window = bundle.trained.recipe.window
    return StreamingClassifier(
        bundle.trained.frontend,
        lambda windows: int8_logits(bundle.int8_model, windows),
        window_frames=window.frames,
        hop_frames=window.hop_frames,
        smoothing=window.smoothing,
    )


def _named(bundle: Bundle, decision: Decision) -> StreamDecision:
    config, classes = bundle.trained.frontend, bundle.trained.classes
    return StreamDecision(
        seconds=config.samples_of(decision.end_frame) / config.sample_rate,
        label=classes[decision.label],
        sums=dict(zip(classes, decision.sums, strict=True)),
    )


def sliding_windows(features: NDArray[np.int8], window: WindowConfig) -> NDArray[np.int8]:
    """Return int8 windows, windows x frames x channels x planes; at least one.

    The last window ends with the clip, so that no frame is left out.
    """
    have = features.shape[0]
    if have <= window.frames:
        return fit_window(features, window.frames)[None]
    starts = [*range(0, have - window.frames, window.hop_frames), have - window.frames]
    return np.stack([features[start : start + window.frames] for start in starts])
