"""Which clips a model is calibrated on, and how far their ranges stand for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from edgeser.bundle.trained import CalibrationSet
from edgeser.report.schemas.form import Json
from quantize.calibration.ranges import PlaneRanges

CALIBRATE_SCHEMA = "edgeser.calibrate/1"


def calibrate_json(chosen: CalibrationSet, planes: Iterable[PlaneRanges]) -> Json:
    """Return the schema ``edgeser.calibrate/1``."""
    return {
        "schema": CALIBRATE_SCHEMA,
        "source": chosen.source,
        "clips": list(chosen.clips),
        "planes": [asdict(plane) for plane in planes],
    }
