"""Recordings explained by a bundle's int8 model."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora import read_audio
from edgeser.corpora.sound import says_nothing
from edgeser.explanation.clip import HeardClip, Scorer
from edgeser.explanation.config import Occlusion
from edgeser.explanation.occlusion import filling, occlude
from edgeser.explanation.records import Explanation, Told
from edgeser.explanation.salient import band_shares, plane_shares, salient_stretches
from edgeser.features import WindowConfig, hear
from edgeser.pipeline.decide import certainty_of
from edgeser.pipeline.inference import output_grid
from edgeser.pipeline.int8_engine import Int8Engine, int8_engine
from edgeser.pipeline.predict import sliding_windows
from edgeser.progress import SILENT, Progress, Reporter
from firmware_bridge.frontend import compute_features, quantise_features
from quantize.foundation.foreign import printable


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A recording that cannot be explained, and why: one line."""

    told: Told
    problem: str


def explain_files(
    bundle: Bundle,
    paths: Sequence[Path],
    occlusion: Occlusion,
    *,
    builds: Path | None = None,
    reporter: Reporter = SILENT,
) -> Iterator[Explanation | Unexplained]:
    """Explain recordings one after another; one that cannot be read has its reason.

    Parameters
    ----------
    bundle
        Whose int8 model answers.
    occlusion
        What is hidden.
    builds
        Where programs are kept once they are built.
    reporter
        Told of stages.
    """
    heard = hear(paths, bundle.trained.frontend, progress=reporter.stage("Computing features"))
    spoken = bundle.trained.corpus.words
    with int8_engine(bundle.int8_model, cache=builds, reporter=reporter) as engine:
        for result in heard:
            told = Told(str(result.path))
            silence = "" if spoken.silence_has_label else says_nothing(result.remarks)
            if problem := result.problem or (silence and f"{result.path}: {silence}"):
                yield Unexplained(told, problem)
                continue
            rate = bundle.trained.frontend.sample_rate
            samples = read_audio(result.path, sample_rate=rate)
            progress = reporter.stage(f"Explaining {printable(result.path.name)}")
            yield explain_clip(bundle, samples, occlusion, engine, told=told, progress=progress)


def explain_clip(
    bundle: Bundle,
    samples: NDArray[np.int16],
    occlusion: Occlusion,
    engine: Int8Engine,
    *,
    told: Told,
    progress: Progress | None = None,
) -> Explanation:
    """Explain one clip, int16 at the frontend's rate, by occlusion."""
    trained = bundle.trained
    features = compute_features(samples, trained.frontend)
    clip = heard_clip(quantise_features(features, trained.frontend), trained.recipe.window)
    base = engine.run(clip.windows)
    certainty = certainty_of(bundle)
    sums = base.sum(axis=0, dtype=np.int64)
    answer = int(sums.argmax())
    scorer = Scorer(answer, step_of(bundle), len(base))
    begin = time.perf_counter()
    saliency = occlude(engine.run, clip, occlusion, scorer, base=base, progress=progress)
    seconds = time.perf_counter() - begin
    frontend = trained.frontend
    return Explanation(
        told=told,
        answer=trained.classes[answer],
        probabilities=dict(
            zip(trained.classes, map(float, certainty.shares(sums, len(base))), strict=True)
        ),
        log_odds=float(scorer.log_odds(sums[None])[0]),
        windows=len(base),
        samples=samples,
        sample_rate=frontend.sample_rate,
        features=clip.features,
        planes=tuple(frontend.planes),
        band_hz=(frontend.lower_hz, frontend.upper_hz),
        hop_ms=frontend.hop_ms,
        occlusion=occlusion,
        saliency=saliency,
        stretches=salient_stretches(saliency.cells, hop_ms=frontend.hop_ms),
        shares=plane_shares(saliency.cells, frontend.planes),
        hidden_planes=_hidden_planes(clip, occlusion, engine, scorer, tuple(frontend.planes)),
        bands=band_shares(saliency.cells),
        engine=engine.called,
        seconds=seconds,
    )


def heard_clip(features: NDArray[np.int8], window: WindowConfig) -> HeardClip:
    """Return a clip with the windows that `edgeser predict` cuts it into."""
    numbers = np.arange(len(features), dtype=np.int64)[:, None, None]
    return HeardClip(features, sliding_windows(numbers, window)[:, :, 0, 0])


def step_of(bundle: Bundle) -> float:
    """Return what a step of the int8 logits stands for, over the temperature."""
    return output_grid(bundle.int8_model).scale / bundle.rule.int8_temperature


def _hidden_planes(
    clip: HeardClip,
    occlusion: Occlusion,
    engine: Int8Engine,
    scorer: Scorer,
    planes: tuple[str, ...],
) -> dict[str, float]:
    """Return how far the log-odds fall when all of a plane is hidden."""
    fill = filling(clip.features, occlusion.fill)
    variants = [clip.features]
    for plane in range(len(planes)):
        hidden = clip.features.copy()
        hidden[:, :, plane] = fill[:, plane]
        variants.append(hidden)
    said = engine.run(np.concatenate([clip.of(features) for features in variants]))
    sums = said.reshape(len(variants), -1, said.shape[1]).sum(axis=1, dtype=np.int64)
    odds = scorer.log_odds(sums)
    return {name: float(odds[0] - odd) for name, odd in zip(planes, odds[1:], strict=True)}
