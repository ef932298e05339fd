"""Scores and layers, as they stand in several schemas."""

from __future__ import annotations

from edgeser.evaluation.distributions import DistributionScores
from edgeser.evaluation.metrics import Metrics, ratio, recalls
from edgeser.report.distributions import SCORE_NAMES
from edgeser.report.schemas.form import Json
from edgeser.report.schemas.hearing import without_nothing_json
from quantize.layer_error import LayerError


def metrics_json(metrics: Metrics) -> Json:
    """Return what ``float`` and ``int8`` hold wherever they stand."""
    recall = recalls(metrics.confusion)
    return {
        "uar": metrics.uar.to_json(),
        "accuracy": metrics.accuracy.to_json(),
        "macro_f1": metrics.macro_f1.to_json(),
        "clips": metrics.clips,
        "speakers": metrics.speakers,
        "classes": list(metrics.classes),
        "classes_in_play": list(metrics.in_play),
        "chance": ratio(metrics.chance, "one over the classes in play").to_json(),
        "caveats": list(metrics.caveats),
        "recall": [
            None if value is None else ratio(value, metrics.uar.source).to_json()
            for value in recall
        ],
        "confusion": metrics.confusion.tolist(),
        "distributions": distribution_json(metrics.distributions),
        **without_nothing_json(metrics.without_nothing),
    }


def layer_json(layer: LayerError) -> Json:
    """Return a layer, and how noisy int8 makes it."""
    return {
        "index": layer.index,
        "name": layer.name,
        "operator": layer.operator,
        "sqnr_db": layer.sqnr_db,
    }


def distribution_json(scores: DistributionScores | None) -> Json | None:
    """Return the scores for machines, each a figure; ``None`` where nobody voted."""
    if scores is None:
        return None
    return {
        "clips": scores.clips,
        **{field: getattr(scores, field).to_json() for field in SCORE_NAMES},
    }
