"""The result of a run in one file: int8 model, float network, and everything to judge them by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgeser.bundle.archive import read_archive, write_archive
from edgeser.bundle.trained import (
    REQUIRED,
    TrainedModel,
    checked,
    json_bytes,
    json_object,
    trained_from_members,
)
from edgeser.decision.rule import NOT_CALIBRATED, DecisionRule
from edgeser.typed_tables import from_table, to_table
from quantize.foundation.measurement import Measurement

INT8_MODEL = "model_int8.tflite"
FLOAT_MODEL = "model_float.tflite"
CALIBRATION = "calibration.json"
LAYERS = "layers.json"
METRICS = "metrics.json"
DECISION = "decision.json"
MODEL_CARD = "MODEL_CARD.md"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A trained network and its int8 form.

    Parameters
    ----------
    trained
        The float network, its recipe, frontend, labels and history.
    int8_model
        .tflite bytes: int8 ``[1, frames, channels, planes]`` in, int8 ``[1, classes]`` out.
    float_model
        .tflite bytes of the same graph in float, for comparison layer by layer.
    layer_names
        The network's own name of a layer, by the name of the tensor that it makes.
    calibration
        What the int8 ranges were measured on: source, count, clips.
    metrics
        Figures measured so far, by name.
    rule
        What its answers are decided with; not calibrated in bundles from before there was one.
    """

    trained: TrainedModel
    int8_model: bytes
    float_model: bytes
    layer_names: dict[str, str]
    calibration: dict[str, Any]
    metrics: dict[str, Measurement]
    rule: DecisionRule = NOT_CALIBRATED

    @property
    def model_hash(self) -> str:
        """SHA-256 of the int8 model, in hexadecimal."""
        return hashlib.sha256(self.int8_model).hexdigest()

    def with_metrics(self, figures: dict[str, Measurement]) -> Bundle:
        """Return the bundle with more figures, by name."""
        return replace(self, metrics={**self.metrics, **figures})


def save_bundle(path: Path, bundle: Bundle, *, card: str) -> None:
    """Write `bundle` and its model card, as Markdown, to `path` atomically, its manifest last."""
    members = {
        **bundle.trained.to_members(),
        INT8_MODEL: bundle.int8_model,
        FLOAT_MODEL: bundle.float_model,
        LAYERS: json_bytes(bundle.layer_names),
        CALIBRATION: json_bytes(bundle.calibration),
        DECISION: json_bytes(to_table(bundle.rule)),
        METRICS: json_bytes({name: m.to_json() for name, m in bundle.metrics.items()}),
        MODEL_CARD: card.encode(),
    }
    write_archive(path, members)


def load_bundle(path: Path) -> Bundle:
    """Read a bundle after checking names, sizes and hashes.

    Raises
    ------
    BadInput
        When it is missing, damaged or not what it claims.
    """
    required = (*REQUIRED, INT8_MODEL, FLOAT_MODEL, LAYERS, CALIBRATION, METRICS)
    members = read_archive(path, required=required)
    metrics = json_object(path, members, METRICS)
    rule = json_object(path, members, DECISION) if DECISION in members else {}
    return Bundle(
        trained=trained_from_members(path, members),
        int8_model=members[INT8_MODEL],
        float_model=members[FLOAT_MODEL],
        layer_names=json_object(path, members, LAYERS),
        calibration=json_object(path, members, CALIBRATION),
        metrics=checked(
            path, METRICS, lambda: {name: Measurement.from_json(m) for name, m in metrics.items()}
        ),
        rule=checked(path, DECISION, lambda: from_table(DecisionRule, rule, where=DECISION)),
    )
