"""One job of a study: what a variant costs on a device, whatever its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgeser.pipeline.bench import bench
from edgeser.pipeline.exports.bundle import export
from edgeser.pipeline.jobs.form import feature_cache, recipe_of
from edgeser.pipeline.plan import plan_run
from edgeser.pipeline.train import train
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe
from edgeser.targets.emulator import default_emulator
from edgeser.teacher import TeacherConfig
from edgeser.training.losses.config import CROSS_ENTROPY
from edgeser.training.mixing import MixingConfig
from quantize.foundation.errors import ToolMissing
from quantize.foundation.measurement import Evidence, Measurement
from quantize.tflite import inspect_model, read_model


def measure_costs(arguments: Mapping[str, Any], *, reporter: Reporter = SILENT) -> dict[str, Any]:
    """Return parameters, bytes, arena, instructions and predicted time of a recipe's network.

    The network is trained for one epoch only: neither operators nor shapes depend on its weights.

    Parameters
    ----------
    arguments
        As those of `edgeser.pipeline.jobs.training.train_and_score`.
    reporter
        Told of stages.

    Returns
    -------
    ``costs``: figures by name, as JSON; without those of the emulated device where its tools are
    not installed.
    """
    plan = plan_run(_barely_trained(recipe_of(arguments)), reporter=reporter)
    cache = feature_cache(arguments)
    bundle = export(train(plan, cache=cache, reporter=reporter), reporter=reporter)
    on_host = bench(bundle, runs=1, warmup=0, reporter=reporter)
    parameters = inspect_model(read_model(bundle.float_model)).parameters
    costs = {
        "parameters": Measurement(parameters, "count", Evidence.MEASURED, "the float network"),
        "int8_bytes": on_host.figures.model_bytes,
        "arena_bytes": on_host.figures.arena_bytes,
    }
    try:
        on_device = bench(bundle, target=default_emulator(), reporter=reporter)
    except ToolMissing as error:
        reporter.note(f"not run on the emulated device: {error}")
    else:
        costs |= {
            "instructions": on_device.inference,
            "predicted_ms": on_device.figures.inference_ms,
        }
    return {"costs": {name: cost.to_json() for name, cost in costs.items() if cost is not None}}


def _barely_trained(recipe: Recipe) -> Recipe:
    """Return the recipe without what costs time, or needs more than clips, and shapes nothing."""
    training = replace(recipe.training, epochs=1, refit=False, teachers=0)
    return replace(
        recipe,
        training=training,
        conditions=replace(recipe.conditions, variants=0),
        mixing=MixingConfig(),  # which mixes variants
        teacher=TeacherConfig(),
        loss=CROSS_ENTROPY,
    )
