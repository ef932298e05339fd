"""Latency and memory of a model on this host."""

from __future__ import annotations

from edgeser.benchmark.budget import NO_LIMITS, Limits
from edgeser.benchmark.host import bench_model
from edgeser.benchmark.records import BenchReport
from edgeser.bundle import Bundle
from edgeser.pipeline.folder import RunFolder
from edgeser.progress import SILENT, Reporter
from edgeser.report import json_format
from quantize.foundation.files import write_atomically


def bench(
    model: Bundle | bytes,
    *,
    name: str = "the model",
    folder: RunFolder | None = None,
    limits: Limits | None = None,
    runs: int = 200,
    warmup: int = 20,
    reporter: Reporter = SILENT,
) -> BenchReport:
    """Measure a bundle, with its features, or any int8 .tflite by itself.

    Parameters
    ----------
    model
        A bundle, or the bytes of a .tflite.
    name
        What messages call a .tflite.
    folder
        Where the result is kept for the report; nowhere when `None`.
    limits
        What is checked; the budget of the bundle's recipe, or nothing for a .tflite, when `None`.
    runs, warmup
        Inferences measured, and before them unmeasured.
    reporter
        Told of stages.

    Raises
    ------
    BadInput
        When the model is damaged or cannot be run.
    """
    if isinstance(model, Bundle):
        trained = model.trained
        report = bench_model(
            model.int8_model,
            name=f"{trained.recipe.name}, int8",
            frontend=trained.frontend,
            frames=trained.recipe.window.frames,
            limits=limits or trained.recipe.budget.limits,
            runs=runs,
            warmup=warmup,
            reporter=reporter,
        )
    else:
        report = bench_model(
            model,
            name=name,
            limits=limits or NO_LIMITS,
            runs=runs,
            warmup=warmup,
            reporter=reporter,
        )
    if folder is not None and isinstance(model, Bundle):
        folder.save_state("bench", report, model_hash=model.model_hash)
        text = json_format.dump_json(json_format.bench_json(report))
        write_atomically(folder.result("bench"), text.encode())
    return report
