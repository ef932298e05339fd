"""Explaining a clip by occlusion with the shipped model: the device's C against the interpreter.

Processor time of one core for a clip of three seconds (1,920 inferences of the published patches),
the interpreter's from a part of them, in the same run.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgeser.benchmark.host import speech_like_signal
from edgeser.bundle import load_bundle
from edgeser.explanation.clip import HeardClip, Scorer
from edgeser.explanation.config import COARSE, PUBLISHED, Occlusion
from edgeser.explanation.occlusion import occlude
from edgeser.pipeline.explanation.checks import heard_clip
from edgeser.pipeline.inference import output_grid
from edgeser.pipeline.int8_engine import Int8Engine, int8_engine
from edgeser.pipeline.int8_inference import int8_logits
from edgeser.pretrained import pretrained_path
from firmware_bridge.frontend import compute_features, quantise_features

_MOST_S = 6.0
_SECONDS = 3.0
_PART = 128
"""Inferences that the interpreter is timed on."""


def _spent(work: Callable[[], object]) -> tuple[float, float]:
    """Return processor and wall-clock seconds of some work, with its children."""
    before, start = os.times(), time.perf_counter()
    work()
    after, wall = os.times(), time.perf_counter() - start
    used = sum(after[:4]) - sum(before[:4])
    return used, wall


def main() -> None:
    """Print seconds and the ratio."""
    path = pretrained_path("pretrained")
    assert path is not None
    bundle = load_bundle(path)
    trained = bundle.trained
    samples = speech_like_signal(_SECONDS, trained.frontend.sample_rate)
    features = quantise_features(compute_features(samples, trained.frontend), trained.frontend)
    clip = heard_clip(features, trained.recipe.window)
    windows = np.repeat(clip.windows, _PART, axis=0)
    alone, _ = _spent(lambda: int8_logits(bundle.int8_model, windows[:1]))
    part, _ = _spent(lambda: int8_logits(bundle.int8_model, windows))
    each = max(part - alone, 1e-9) / (_PART - 1)
    scorer = Scorer(0, output_grid(bundle.int8_model).scale, len(clip.index))
    with (
        tempfile.TemporaryDirectory() as folder,
        int8_engine(bundle.int8_model, cache=Path(folder) / "built", workers=1) as engine,
    ):
        for name, occlusion in (("published", PUBLISHED), ("coarse", COARSE)):
            _show(name, occlusion, engine, clip, scorer, each)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  ({1000 * each:.1f} ms an inference in TFLite-Micro; peak of a child {peak:.0f} MB)")


def _show(
    name: str,
    occlusion: Occlusion,
    engine: Int8Engine,
    clip: HeardClip,
    scorer: Scorer,
    each: float,
) -> None:
    base = engine.run(clip.windows)
    counted: list[int] = []

    def work() -> None:
        found = occlude(engine.run, clip, occlusion, scorer, base=base)
        counted.append(found.inferences)

    used, wall = _spent(work)
    target = f"; target {_MOST_S:g} s: {'met' if used <= _MOST_S else 'MISSED'}"
    print(
        f"occlusion, {name}: {used:.2f} s of one core for {counted[0]:,} inferences "
        f"({wall:.2f} s by the clock), {counted[0] * each / used:.1f} x as fast as "
        f"TFLite-Micro{target if name == 'published' else ''}"
    )


if __name__ == "__main__":
    main()
