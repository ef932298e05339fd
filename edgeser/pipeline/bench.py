"""Latency and memory of a model on this host."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.budget import Budget
from edgeser.benchmark.host import bench_model
from edgeser.benchmark.records import BenchReport
from edgeser.bundle import Bundle
from edgeser.pipeline.folder import RunFolder
from edgeser.progress import SILENT, Reporter
from edgeser.report import json_format
from firmware_bridge.frontend import FrontendConfig
from quantize.foundation.files import write_atomically


def bench(
    model: Bundle | bytes,
    *,
    folder: RunFolder | None = None,
    budget: Budget | None = None,
    runs: int = 200,
    warmup: int = 20,
    reporter: Reporter = SILENT,
) -> BenchReport:
    """Measure a bundle, with its features, or any int8 .tflite by itself.

    Parameters
    ----------
    model
        A bundle, or the bytes of a .tflite.
    folder
        Where the result is kept for the report; nowhere when `None`.
    budget
        Limits to check; those of the bundle's recipe, or the defaults, when `None`.
    runs, warmup
        Inferences measured, and before them unmeasured.

    Raises
    ------
    BadInput
        When the model is damaged or cannot be run.
    """
    frontend: FrontendConfig | None = None
    if isinstance(model, Bundle):
        data = model.int8_model
        frontend = model.trained.frontend
        budget = budget or model.trained.recipe.budget
    else:
        data = model
    report = bench_model(
        data,
        frontend=frontend,
        budget=budget or Budget(),
        runs=runs,
        warmup=warmup,
        reporter=reporter,
    )
    if folder is not None and isinstance(model, Bundle):
        folder.save_state("bench", report, model_hash=model.model_hash)
        text = json.dumps(json_format.bench_json(report), indent=2, allow_nan=False)
        write_atomically(folder.result("bench"), text.encode())
    return report


def test_signal(seconds: float, sample_rate: int = 16000) -> NDArray[np.int16]:
    """Return noise with a syllable-like envelope, int16 mono: something to time features on."""
    rng = np.random.default_rng(0)
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * time)
    return np.asarray(np.rint(rng.standard_normal(len(time)) * envelope * 3000), np.int16)
