"""What is predicted of a model on an Edge TPU."""

from __future__ import annotations

from collections.abc import Iterable

from edgeser.report.schemas.form import Json, optional
from quantize.edgetpu.estimate import Estimate
from quantize.edgetpu.latency import LEAVE_ONE_OUT_MEAN, LEAVE_ONE_OUT_WORST, PUBLISHED

ESTIMATE_SCHEMA = "edgeser.estimate/1"
PREDICTION_SCHEMA = "edgeser.prediction/1"


def estimate_json(estimate: Estimate) -> Json:
    """Return everything as a JSON object of schema ``edgeser.estimate/1``."""
    return {
        "schema": ESTIMATE_SCHEMA,
        "model": estimate.source,
        "target": "edgetpu",
        "link": estimate.link.value,
        "compiled": estimate.compiled,
        "operators": estimate.operators,
        "mapped": estimate.mapped,
        "parameter_bytes": estimate.parameter_bytes.to_json(),
        "streamed_bytes": estimate.streamed_bytes.to_json(),
        "instruction_bytes": estimate.instruction_bytes.to_json(),
        "input_bytes": estimate.input_bytes,
        "output_bytes": estimate.output_bytes,
        "cache_bytes": optional(estimate.cache_bytes),
        "fits_cache": estimate.fits,
        "latency_ms": estimate.latency_ms.to_json(),
        "first_inference_extra_ms": estimate.first_ms.to_json(),
        "not_counted": list(estimate.not_counted),
        "fit": {
            "points": len(PUBLISHED),
            "leave_one_out_mean": LEAVE_ONE_OUT_MEAN,
            "leave_one_out_worst": LEAVE_ONE_OUT_WORST,
        },
    }


def prediction_json(estimates: Iterable[Estimate], *, model: str) -> Json:
    """Return the schema ``edgeser.prediction/1``: of one model, an estimate for each link."""
    found = [estimate_json(estimate) | {"model": model} for estimate in estimates]
    return {"schema": PREDICTION_SCHEMA, "estimates": found}
